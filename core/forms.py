"""Forms of sign-in and of one's own account."""

from __future__ import annotations

import functools
import zoneinfo

from django import forms
from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.errors import VouchsafeError

CODE_LENGTH = 20


def add_error(form: forms.Form, error: VouchsafeError) -> None:
    """Show a service's refusal beside the field that it names, or above the form. A form's
    `refusal_fields` say which of its fields stands for a service's; `terms.3` is in `terms`."""
    name = error.field or ""
    name = getattr(form, "refusal_fields", {}).get(name, name)
    field = next((each for each in (name, name.split(".")[0]) if each in form.fields), None)
    form.add_error(field, forms.ValidationError(str(error.message), code=error.code))


class SignInForm(forms.Form):
    """The first factor."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """The second factor."""

    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH,
        help_text=_("Six digits from your authenticator app, or a recovery code."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )


class DeviceForm(forms.Form):
    """A new authenticator app."""

    name = forms.CharField(
        label=_("Name of the device"),
        max_length=64,
        help_text=_("So that you know it again in the list, for example “Work phone”."),
    )
    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=CODE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class NewPasswordMixin(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        help_text=_("At least 12 characters; a sentence of your own is best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=_("New password again"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_repeated(self) -> str:
        """The second typing; it must be the same as the first."""
        repeated: str = self.cleaned_data["repeated"]
        if self.cleaned_data.get("password") not in {None, repeated}:
            raise forms.ValidationError(_("The two passwords differ."))
        return repeated


class FirstDeviceForm(NewPasswordMixin, DeviceForm):
    """First sign-in: a password that nobody else knows, and an authenticator app."""

    field_order = ["password", "repeated", "name", "code"]


class PasswordForm(NewPasswordMixin):
    """A change of one's own password."""

    old = forms.CharField(
        label=_("Present password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["old", "password", "repeated"]


class EmailForm(forms.Form):
    """Where reminders go."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Reminders of overdue work go there. Blank: no mail."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class LocaleForm(forms.Form):
    """Language and time zone."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        help_text=_("Region and city, for example Asia/Shanghai."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )


@functools.cache
def time_zone_options() -> SafeString:
    """The options of a datalist of all IANA time zones; 600 of them, so made once."""
    names = sorted(zoneinfo.available_timezones())
    return format_html_join("", '<option value="{}"></option>', ((name,) for name in names))
