"""Forms of the register."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import User
from crisis.risks import rules, selectors
from crisis.risks.links.models import kind_choices as link_kinds
from crisis.risks.matrix.rules import LEVEL_LABELS
from crisis.risks.models import Risk, kind_choices, stage_choices, state_choices
from crisis.risks.rounds.models import Round
from crisis.risks.rounds.selectors import going_on


def text_area(rows: int = 3) -> forms.Textarea:
    """A text of some lines."""
    return forms.Textarea(attrs={"rows": rows})


def day_input() -> forms.DateInput:
    """A day, picked in the browser."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def percent(label: Any, **options: Any) -> forms.IntegerField:
    """A whole number of percent."""
    return forms.IntegerField(label=label, min_value=0, max_value=100, **options)


class StaffField(forms.ModelChoiceField):
    """A member of staff."""

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.none(), **options)


class RiskForm(forms.Form):
    """What the register says of a risk."""

    kind = forms.ChoiceField(label=_("Type"), choices=kind_choices)
    title = forms.CharField(
        label=_("Title"),
        max_length=rules.MAX_TITLE,
        help_text=_("What could happen, in one line."),
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=rules.MAX_TEXT, widget=text_area(4)
    )
    causes = forms.CharField(
        label=_("Causes"), required=False, max_length=rules.MAX_TEXT, widget=text_area()
    )
    department = forms.CharField(
        label=_("Department"),
        max_length=rules.MAX_DEPARTMENT,
        widget=forms.TextInput(attrs={"list": "departments"}),
    )
    owner_id = StaffField(label=_("Owner"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner_id"].queryset = selectors.staff()  # type: ignore[attr-defined]


class NewRiskForm(RiskForm):
    """A new risk, perhaps raised in a round."""

    round_id = forms.ModelChoiceField(
        Round.objects.none(), label=_("Raised in the round"), required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["round_id"].queryset = going_on()  # type: ignore[attr-defined]


class ChangeRiskForm(RiskForm):
    """A change of a risk, and what its editor started from."""

    shown_at = forms.DateTimeField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, risk: Risk) -> ChangeRiskForm:
        """The form filled with a risk's words."""
        return cls(
            initial={
                "kind": risk.kind,
                "title": risk.title,
                "description": risk.description,
                "causes": risk.causes,
                "department": risk.department,
                "owner_id": risk.owner_id,
                "shown_at": risk.changed_at.isoformat(),
            }
        )


class FilterForm(forms.Form):
    """How the list is narrowed."""

    q = forms.CharField(label=_("Words or code"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Type"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    level = forms.ChoiceField(label=_("Current level"), required=False)
    department = forms.ChoiceField(label=_("Department"), required=False)
    owner = StaffField(label=_("Owner"), required=False, empty_label=_("All"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        everything = ("", _("All"))
        levels = [(level.value, label) for level, label in LEVEL_LABELS.items()]
        names = [(name, name) for name in selectors.departments()]
        states = [("live", _("Not closed")), *state_choices()]
        for field, choices in (
            ("kind", kind_choices()), ("state", states), ("level", levels), ("department", names),
        ):  # fmt: skip
            self.fields[field].choices = [everything, *choices]  # type: ignore[attr-defined]
        self.fields["owner"].queryset = selectors.staff()  # type: ignore[attr-defined]


class AssessForm(forms.Form):
    """An assessment."""

    stage = forms.ChoiceField(label=_("What is assessed"), choices=stage_choices)
    likelihood = percent(_("Likelihood (%)"), help_text=_("Within a year."))
    impact = percent(_("Impact (%)"), help_text=_("Of the worst the house could bear."))
    why = forms.CharField(label=_("Why"), max_length=rules.MAX_TEXT, widget=text_area(2))


class ReasonForm(forms.Form):
    """A reason that must be given."""

    reason = forms.CharField(label=_("Reason"), max_length=rules.MAX_TEXT, widget=text_area(2))


class ProposeForm(forms.Form):
    """A proposal to live with a risk."""

    reason = forms.CharField(
        label=_("Why the house can live with it"), max_length=rules.MAX_TEXT, widget=text_area(2)
    )
    expires_on = forms.DateField(
        label=_("Until the end of"), widget=day_input(), help_text=_("At most a year ahead.")
    )

    @classmethod
    def half_a_year(cls, today: dt.date, **options: Any) -> ProposeForm:
        """The form with a day in half a year."""
        return cls(initial={"expires_on": today + dt.timedelta(days=182)}, **options)


class LinkForm(forms.Form):
    """What to link to."""

    kind = forms.ChoiceField(label=_("Link to"), choices=link_kinds)
    target = forms.CharField(
        label=_("Code or id"),
        max_length=60,
        help_text=_("R-2026-001, INC-2026-0001, or the id of a notice or a ledger record."),
    )
    why = forms.CharField(label=_("Why"), required=False, max_length=rules.MAX_TEXT)


class WhyForm(forms.Form):
    """Why a link is taken back."""

    why = forms.CharField(label=_("Reason"), max_length=rules.MAX_TEXT)
