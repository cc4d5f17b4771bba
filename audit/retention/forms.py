"""Forms of the retention pages."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.retention.labels import BASES, BOUNDS, JURISDICTIONS, KINDS, UNITS
from audit.retention.models import HoldScope, RetentionSchedule
from audit.retention.services.schedules import PREFIX, RuleWords
from core.models import BusinessLine, User

_DAY = dt.timedelta(days=1)


def _date(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


class ReasonForm(forms.Form):
    """One reason."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class RuleForm(forms.Form):
    """One retention class of a draft."""

    code = forms.SlugField(label=_("Code"), max_length=50)
    name = forms.CharField(label=_("Name"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120)
    kinds = forms.MultipleChoiceField(
        label=_("Record kinds"), choices=KINDS, widget=forms.CheckboxSelectMultiple
    )
    jurisdictions = forms.MultipleChoiceField(
        label=_("Jurisdictions"),
        choices=JURISDICTIONS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: everywhere."),
    )
    bound = forms.ChoiceField(label=_("Bound"), choices=BOUNDS)
    amount = forms.IntegerField(label=_("Period"), min_value=1, max_value=40_000)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    basis = forms.ChoiceField(label=_("Counted from"), choices=BASES)
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Law or rule, with its number.")
    )
    note = forms.CharField(label=_("Note"), max_length=400, required=False)
    active = forms.BooleanField(label=_("In force"), required=False)
    to_check = forms.BooleanField(
        label=_("To be checked against the primary text; stays switched off until then"),
        required=False,
    )

    def words(self) -> RuleWords:
        """What was filled in; call after validation."""
        return RuleWords(**self.cleaned_data)


class ScopeForm(forms.Form):
    """Under which laws the firm and its business lines are."""

    jurisdictions = forms.MultipleChoiceField(
        label=_("The firm is under the law of"),
        choices=JURISDICTIONS,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, schedule: RetentionSchedule, *args: Any, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"jurisdictions": schedule.jurisdictions}
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self.lines = list(BusinessLine.objects.all())
        for line in self.lines:
            self.fields[f"line_{line.pk}"] = forms.MultipleChoiceField(
                label=line.name,
                choices=JURISDICTIONS,
                required=False,
                initial=schedule.lines.get(str(line.pk), []),
                widget=forms.CheckboxSelectMultiple,
                help_text=_("None chosen: as the firm."),
            )

    @property
    def line_fields(self) -> list[forms.BoundField]:
        """The fields of the business lines."""
        return [self[f"line_{line.pk}"] for line in self.lines]

    def narrower(self) -> dict[str, list[str]]:
        """The lists of the lines; call after validation."""
        return {str(line.pk): self.cleaned_data[f"line_{line.pk}"] for line in self.lines}


class AssignmentForm(forms.Form):
    """Which kinds the records of one prefix of actions are; no kind takes the prefix out."""

    beginning = forms.RegexField(
        PREFIX,
        label=_("Beginning of the action"),
        max_length=80,
        error_messages={"invalid": _("Like “notice.” or “contact.revealed”.")},
    )
    kinds = forms.MultipleChoiceField(
        label=_("Record kinds"),
        choices=KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class BaseAssignments(forms.BaseFormSet):  # type: ignore[type-arg]
    """All of them; a prefix stands once."""

    def clean(self) -> None:
        """Name the row of a prefix that stands twice."""
        seen: set[str] = set()
        for form in self.forms:
            prefix = form.cleaned_data.get("beginning") if form.is_valid() else None
            if prefix in seen:
                form.add_error("beginning", _("This stands in another row already."))
            if prefix:
                seen.add(prefix)

    def pairs(self) -> list[tuple[str, str]]:
        """The arguments of `change_assignments`; call after validation."""
        return [
            (form.cleaned_data["beginning"], kind)
            for form in self.forms
            if form.cleaned_data.get("beginning")
            for kind in form.cleaned_data["kinds"]
        ]


AssignmentForms = forms.formset_factory(AssignmentForm, formset=BaseAssignments, extra=3)


class HoldForm(forms.Form):
    """A new legal hold: one subject, or a period."""

    scope = forms.ChoiceField(label=_("Scope"), choices=HoldScope.choices)
    subject = forms.UUIDField(
        label=_("Id of the investor or the notice"),
        required=False,
        help_text=_("As it stands in the address of its page."),
    )
    staff = forms.ModelChoiceField(
        label=_("Member of staff"), required=False, queryset=User.objects.order_by("display_name")
    )
    period_from = _date(_("From"))
    period_to = _date(_("To (inclusive)"))
    matter = forms.CharField(
        label=_("Matter"), max_length=120, help_text=_("File number of the case or the request.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def request(self) -> dict[str, Any]:
        """The arguments of `place_hold`; call after validation."""
        data = self.cleaned_data
        scope = HoldScope(data["scope"])
        subject: UUID | None = data["subject"]
        if scope == HoldScope.STAFF:
            subject = data["staff"].pk if data["staff"] else None
        return {
            "scope": scope,
            "subject": subject,
            "period": self._period(),
            "matter": data["matter"],
            "reason": data["reason"],
        }

    def _period(self) -> tuple[dt.datetime, dt.datetime] | None:
        first, last = self.cleaned_data["period_from"], self.cleaned_data["period_to"]
        if first is None or last is None:
            return None
        zone = timezone.get_current_timezone()
        return (
            dt.datetime.combine(first, dt.time.min, tzinfo=zone),
            dt.datetime.combine(last + _DAY, dt.time.min, tzinfo=zone),
        )
