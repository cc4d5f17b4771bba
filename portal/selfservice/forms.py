"""Forms of self-service and of the public check page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ContactForm(forms.Form):
    """Where the one-time code goes."""

    contact = forms.CharField(
        label=_("E-mail address or mobile number"),
        max_length=254,
        help_text=_("The one that we hold for you."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class CodeForm(forms.Form):
    """The one-time code."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class CodeAndRefForm(CodeForm):
    """The one-time code, and which of several accounts it shall open."""

    ref = forms.CharField(label=_("Customer number"), max_length=64)


class CheckForm(forms.Form):
    """The code printed in a message."""

    code = forms.CharField(
        label=_("Check code"),
        max_length=20,
        help_text=_("Eight letters and digits at the end of the message, for example 7K2M-Q9TX."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
