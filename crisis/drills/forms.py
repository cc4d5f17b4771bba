"""Forms of drills."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import User
from crisis.drills.models import drill_kind_choices, drill_state_choices
from crisis.incidents.models import nature_choices
from crisis.incidents.rules import SCOPE_LISTS


def _people() -> Any:
    return User.objects.filter(is_active=True).order_by("username")


class DrillForm(forms.Form):
    """The plan of a drill."""

    kind = forms.ChoiceField(
        label=_("What is practised"), choices=drill_kind_choices, widget=forms.RadioSelect
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    scenario = forms.CharField(
        label=_("Scenario"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What happens when, and what the participants are told."),
    )
    planned_for = forms.DateTimeField(
        label=_("Planned for"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    participants = forms.ModelMultipleChoiceField(
        label=_("Participants"), queryset=User.objects.none()
    )
    nature = forms.ChoiceField(
        label=_("Nature"), required=False, choices=lambda: [("", _("open")), *nature_choices()]
    )
    systems = forms.CharField(
        label=_("Systems hit, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    branches = forms.CharField(
        label=_("Branches hit, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    steps = forms.CharField(
        label=_("Steps to be measured"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, with its target in minutes: “Switch the database = 15”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["participants"].queryset = _people()  # type: ignore[attr-defined]

    def clean_steps(self) -> list[dict[str, Any]]:
        """Names and seconds."""
        found = []
        for number, line in enumerate(self.cleaned_data["steps"].splitlines(), 1):
            if not line.strip():
                continue
            name, equals, minutes = line.replace("＝", "=").rpartition("=")
            try:
                seconds = round(float(minutes) * 60)
            except ValueError:
                equals, seconds = "", 0
            if not equals or not name.strip() or seconds <= 0:
                raise forms.ValidationError(
                    _("Line %(number)s: write a step, “=”, and minutes."),
                    params={"number": number},
                )
            found.append({"name": name.strip(), "seconds": seconds})
        return found

    def arguments(self) -> dict[str, Any]:
        """What `services.plan` takes; call on a valid form."""
        data = dict(self.cleaned_data)
        scope = {name: data.pop(name).splitlines() for name in SCOPE_LISTS if name in self.fields}
        people = [user.pk for user in data.pop("participants")]
        return {**data, "participants": people, "scope": scope}


class DrillFilter(forms.Form):
    """The filters of the list."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=lambda: [("", _("any")), *drill_kind_choices()]
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=lambda: [("", _("any")), *drill_state_choices()]
    )

    def values(self) -> dict[str, str]:
        """The filters; one that is not in the list counts as none."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


class ReasonForm(forms.Form):
    """Why a drill is called off."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class EndForm(forms.Form):
    """How it went."""

    summary = forms.CharField(
        label=_("How it went"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )


class FindingForm(forms.Form):
    """What the drill showed."""

    prefix = "finding"
    text = forms.CharField(
        label=_("Finding"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    action = forms.CharField(
        label=_("What is to be done"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = forms.ModelChoiceField(label=_("By whom"), queryset=User.objects.none())
    due_on = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = _people()  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """What `services.note_finding` takes; call on a valid form."""
        return {**self.cleaned_data, "owner": self.cleaned_data["owner"].pk}


class OutcomeForm(forms.Form):
    """What came of an action."""

    outcome = forms.CharField(
        label=_("Outcome"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
