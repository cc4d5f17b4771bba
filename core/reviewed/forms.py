"""The form by which a second person decides about a reviewed version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput


class WordsForm(forms.Form):
    """The words of a draft, and the revision that the editor started from."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def words(self) -> dict[str, Any]:
        """The arguments of the service that saves them; call on a valid form."""
        raise NotImplementedError


class DecisionForm(forms.Form):
    """What a second person decides about exactly what she sees."""

    shown_hash = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason (needed for a return)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def verb(self, request: HttpRequest) -> str:
        """`approve` or `return`, by the button; raises InvalidInput for another."""
        verb = request.POST.get("verb", "")
        if verb not in {"approve", "return"}:
            raise InvalidInput(_("Choose a decision."), field="verb")
        return verb
