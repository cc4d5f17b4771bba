"""Forms of the ledger's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CloseAlarmForm(forms.Form):
    """Which witness's alarm is closed, and why."""

    witness = forms.CharField(max_length=300, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
