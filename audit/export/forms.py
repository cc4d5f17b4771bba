"""Forms of the export pages."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from audit import selectors
from audit.export.selectors import regulators
from audit.forms import start_of
from core.models import User

_DAY = dt.timedelta(days=1)


class _Date(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Account(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return str(obj)


class ExportForm(forms.Form):
    """What a regulator export holds: one subject, a period, or a subject within a period."""

    notice = forms.ChoiceField(
        label=_("One notice"),
        required=False,
        help_text=_("Everything about it, and the approval trail of the template it used."),
    )
    investor = forms.UUIDField(
        label=_("Or one investor"),
        required=False,
        help_text=_("The id on the investor's page; it names nobody outside the firm."),
    )
    template = forms.UUIDField(label=_("Or one template"), required=False)
    incident = forms.UUIDField(label=_("Or one incident"), required=False)
    period_from = _Date(
        label=_("From"),
        required=False,
        help_text=_("Together with a subject: only its records of these days."),
    )
    period_to = _Date(
        label=_("To (inclusive)"), required=False, help_text=_("Without a subject: all records.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example the regulator's letter and its date. Printed in the report."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    recipient = forms.CharField(
        label=_("Recipient"),
        max_length=200,
        help_text=_("Printed on every page. Another recipient needs an export of their own."),
    )
    recipient_user = _Account(
        label=_("The recipient's account here"),
        required=False,
        queryset=User.objects.none(),
        help_text=_(
            "It can then download this export; no other regulator can. Leave empty if none."
        ),
    )

    other_subjects = ("investor", "template", "incident")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = str(self.data.get("notice") or self.initial.get("notice") or "")
        choices = [(str(key), words) for key, words in selectors.recent_notices()]
        if _is_uuid(wanted) and wanted not in dict(choices):
            choices.insert(0, (wanted, wanted))
        field, account = self.fields["notice"], self.fields["recipient_user"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(account, forms.ModelChoiceField)
        field.choices = [("", "—"), *choices]
        account.queryset = regulators()
        account.empty_label = str(_("None"))

    def subject_in_force(self) -> bool:
        """Whether one of the less usual subjects is set, or refused."""
        return any(
            self.data.get(name) or self.initial.get(name) or name in self.errors
            for name in self.other_subjects
        )

    def request(self) -> dict[str, Any]:
        """The arguments of `request_export`; days are whole days of the reader's zone."""
        data = self.cleaned_data
        since, until = start_of(data["period_from"]), data["period_to"]
        end = start_of(until + _DAY) if until else None
        account = data["recipient_user"]
        return {
            "notice": UUID(data["notice"]) if data["notice"] else None,
            **{name: data[name] for name in self.other_subjects},
            "period": (since, end) if since and end else None,
            "reason": data["reason"],
            "recipient": data["recipient"],
            "recipient_user": account.pk if account else None,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("period_from")) != bool(data.get("period_to")):
            field = "period_to" if data.get("period_from") else "period_from"
            self.add_error(field, _("A period needs both of its days."))
        return data


class DecisionForm(forms.Form):
    """A decision on an export; the service says where a reason is mandatory."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
