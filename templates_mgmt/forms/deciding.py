"""The form of a decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from templates_mgmt.forms.common import text_area


class DecisionForm(forms.Form):
    """A decision about a version, with its reason."""

    reason = forms.CharField(
        label=_("Reason or remark"),
        required=False,
        max_length=2000,
        widget=text_area(4),
        help_text=_("Approval may have a remark; every other decision needs a reason."),
    )
    shown_hash = forms.CharField(widget=forms.HiddenInput, required=False)
