"""Forms of retrospectives and actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import User
from core.reviewed.forms import WordsForm
from crisis.learning import rules
from crisis.learning.models import RetrospectiveVersion


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class RetrospectiveForm(WordsForm):
    """The words of a draft."""

    summary = forms.CharField(label=_("What happened"), required=False, widget=_area(6))
    worked = forms.CharField(label=_("What worked"), required=False, widget=_area(4))
    failed = forms.CharField(label=_("What did not work"), required=False, widget=_area(4))
    causes = forms.CharField(
        label=_("Causes"),
        help_text=_("Ask why until the answer is something that the firm can change."),
        required=False,
        widget=_area(6),
    )
    procedure = forms.CharField(
        label=_("Revised procedure"),
        help_text=_("Which procedure was changed because of this, and where it stands."),
        required=False,
        widget=_area(3),
    )

    @classmethod
    def of(cls, version: RetrospectiveVersion) -> RetrospectiveForm:
        """The form filled with a version's words."""
        return cls(initial=version.parts | {"revision": version.revision})

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        parts = {name: data[name] for name in rules.PARTS}
        return {"parts": parts, "revision": data["revision"]}


class ActionForm(forms.Form):
    """Something to be done."""

    refusal_fields = {"owner_id": "owner"}

    title = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none())
    due_on = forms.DateField(label=_("Due on"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).order_by("display_name", "username")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def words(self) -> dict[str, Any]:
        """The arguments of `services.add_action`; call on a valid form."""
        data = self.cleaned_data
        return {"title": data["title"], "owner_id": data["owner"].pk, "due_on": data["due_on"]}


class OutcomeForm(forms.Form):
    """What was done, or why it need not be."""

    outcome = forms.CharField(label=_("Outcome"), max_length=2000, widget=_area(3))


class MoveForm(forms.Form):
    """Another day."""

    due_on = forms.DateField(label=_("Due on"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), max_length=2000)
