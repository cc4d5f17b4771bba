"""The form of the relationship's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from investors.relationship.services import MAX_REASON


class RelationshipForm(forms.Form):
    """Why it ends, or goes on."""

    reason = forms.CharField(
        label=_("Reason"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )
