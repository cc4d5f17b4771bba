"""Forms of the erasure pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from investors.erasure.models import ErasureRequest
from investors.erasure.services import MAX_REASON


class RequestForm(forms.Form):
    """Why an investor's data must go."""

    ground = forms.ChoiceField(label=_("Ground"), choices=ErasureRequest.Ground.choices)
    reason = forms.CharField(
        label=_("What the person asked for, and how"),
        max_length=MAX_REASON,
        help_text=_("Sealed under the investor's own key: it goes with the data."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RefusalForm(forms.Form):
    """Why a request is refused."""

    reason = forms.CharField(
        label=_("Why it is refused"),
        max_length=MAX_REASON,
        help_text=_("The person is told this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
