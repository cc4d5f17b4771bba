"""Forms of rounds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crisis.risks import rules as risk_rules
from crisis.risks import selectors
from crisis.risks.forms import StaffField, day_input, text_area
from crisis.risks.rounds.models import presence_choices


class RoundForm(forms.Form):
    """A round to be held."""

    quarter = forms.ChoiceField(label=_("Quarter"))
    planned_on = forms.DateField(label=_("Day"), widget=day_input())
    departments = forms.CharField(
        label=_("Departments invited, one a line"), widget=text_area(5), max_length=4000
    )
    chair_id = StaffField(label=_("Chair"), help_text=_("Who leads it, and closes it."))

    def __init__(self, *args: Any, quarters: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["quarter"].choices = [(each, each) for each in quarters]  # type: ignore[attr-defined]
        self.fields["chair_id"].queryset = selectors.chairs()  # type: ignore[attr-defined]

    def clean_departments(self) -> list[str]:
        """One name a line."""
        return str(self.cleaned_data["departments"]).splitlines()


class AttendanceForm(forms.Form):
    """Whether somebody took part."""

    person_id = StaffField(label=_("Person"))
    department = forms.CharField(
        label=_("Department"),
        max_length=risk_rules.MAX_DEPARTMENT,
        widget=forms.TextInput(attrs={"list": "departments"}),
    )
    presence = forms.ChoiceField(label=_("Attendance"), choices=presence_choices)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["person_id"].queryset = selectors.staff()  # type: ignore[attr-defined]


class MinutesForm(forms.Form):
    """What was said."""

    minutes = forms.CharField(
        label=_("Minutes"), max_length=risk_rules.MAX_TEXT, widget=text_area(6)
    )
