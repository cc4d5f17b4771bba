"""Forms of controls."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crisis.risks import rules as risk_rules
from crisis.risks import selectors
from crisis.risks.controls import rules
from crisis.risks.controls.models import Control, frequency_choices, kind_choices
from crisis.risks.evidence import SOURCES
from crisis.risks.forms import StaffField, day_input, text_area


def source_choices() -> list[tuple[str, Any]]:
    """What the product sees, or nothing."""
    found = [(each.code, each.label) for each in SOURCES.values()]
    return [("", _("Notes by hand")), *found]


class ControlForm(forms.Form):
    """A control."""

    title = forms.CharField(label=_("Title"), max_length=risk_rules.MAX_TITLE)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=risk_rules.MAX_TEXT,
        widget=text_area(),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=kind_choices,
        help_text=_("Preventive controls lower the likelihood, the others the impact."),
    )
    frequency = forms.ChoiceField(label=_("How often"), choices=frequency_choices)
    owner_id = StaffField(label=_("Owner"))
    source = forms.ChoiceField(
        label=_("Evidence"),
        choices=source_choices,
        required=False,
        help_text=_("What the product itself sees of it, each time the page is opened."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner_id"].queryset = selectors.staff()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, control: Control) -> ControlForm:
        """The form filled with a control."""
        names = ("title", "description", "kind", "frequency", "owner_id", "source")
        return cls(initial={name: getattr(control, name) for name in names})


class EvidenceForm(forms.Form):
    """What somebody saw of a control."""

    works = forms.TypedChoiceField(
        label=_("What it showed"),
        choices=[("1", _("It works")), ("0", _("It does not work"))],
        coerce=lambda value: value == "1",
    )
    seen = forms.CharField(
        label=_("What was seen"), max_length=risk_rules.MAX_TEXT, widget=text_area(2)
    )
    link = forms.CharField(label=_("Link"), required=False, max_length=500)
    on = forms.DateField(label=_("Seen on"), widget=day_input())
    expires_on = forms.DateField(label=_("Good until"), widget=day_input())

    @classmethod
    def for_today(cls, today: dt.date, **options: Any) -> EvidenceForm:
        """The form for something seen today, good for three months."""
        later = today + dt.timedelta(days=91)
        return cls(initial={"on": today, "expires_on": later}, **options)


class AttachForm(forms.Form):
    """A control that acts on a risk."""

    control_id = forms.ModelChoiceField(Control.objects.none(), label=_("Control"))
    strength = forms.IntegerField(
        label=_("Lowers it by (%)"),
        min_value=1,
        max_value=rules.MAX_STRENGTH,
        help_text=_("While it works. Preventive: the likelihood; the others: the impact."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found = Control.objects.filter(retired_at=None).order_by("code")
        self.fields["control_id"].queryset = found  # type: ignore[attr-defined]
