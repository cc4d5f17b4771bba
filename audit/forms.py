"""Forms of the audit pages."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import selectors
from audit.selectors import RecordFilter
from core.models import User

_DAY = dt.timedelta(days=1)


class _Date(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Staff(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return str(obj)


class RecordFilterForm(forms.Form):
    """The filters of the audit history, as they stand in the URL."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_(
            "An id, a place in the log, an action or an actor; with another filter also words of "
            "the content."
        ),
    )
    action = forms.ChoiceField(label=_("Action"), required=False)
    staff = _Staff(label=_("Member of staff"), required=False, queryset=User.objects.none())
    since = _Date(label=_("From"), required=False)
    until = _Date(label=_("To (inclusive)"), required=False)
    notice = forms.UUIDField(label=_("Notice"), required=False)
    delivery = forms.UUIDField(label=_("Delivery"), required=False)
    investor = forms.UUIDField(label=_("Investor"), required=False)
    template = forms.UUIDField(label=_("Template"), required=False)
    incident = forms.UUIDField(label=_("Incident"), required=False)
    actor = forms.CharField(label=_("Actor"), required=False, max_length=120)
    object = forms.CharField(label=_("Object"), required=False, max_length=200)

    subjects = ("notice", "delivery", "investor", "template", "incident", "actor", "object")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action, staff = self.fields["action"], self.fields["staff"]
        assert isinstance(action, forms.ChoiceField)
        assert isinstance(staff, forms.ModelChoiceField)
        known = selectors.actions()
        action.choices = [("", _("All")), *((name, name) for name in known)]
        staff.queryset = User.objects.order_by("display_name", "username")
        staff.empty_label = str(_("All"))

    def filters(self) -> RecordFilter:
        """The filters in force; days are whole days of the reader's zone."""
        data = self.cleaned_data
        until = data["until"]
        return RecordFilter(
            text=data["q"],
            action=data["action"],
            staff=data["staff"].pk if data["staff"] else None,
            since=start_of(data["since"]),
            until=start_of(until + _DAY) if until else None,
            **{name: data[name] for name in self.subjects},
        )

    def subject_fields(self) -> list[forms.BoundField]:
        """The less usual filters, shown apart."""
        return [self[name] for name in self.subjects]

    def subject_in_force(self) -> bool:
        """Whether one of the less usual filters is set."""
        return any(self.data.get(name) for name in self.subjects)


def start_of(day: dt.date | None) -> dt.datetime | None:
    """The first instant of a day in the reader's zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min)) if day else None


class ExportForm(forms.Form):
    """What a regulator export holds: one notice, or a period."""

    notice = forms.ChoiceField(
        label=_("One notice"),
        required=False,
        help_text=_("Everything about it, and the approval trail of the template it used."),
    )
    period_from = _Date(label=_("Or a period: from"), required=False)
    period_to = _Date(label=_("to (inclusive)"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example the regulator's letter and its date. Printed in the report."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    recipient = forms.CharField(
        label=_("Recipient"),
        max_length=200,
        required=False,
        help_text=_("Printed on every page of the report."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = str(self.data.get("notice") or self.initial.get("notice") or "")
        choices = [(str(key), words) for key, words in selectors.recent_notices()]
        if _is_uuid(wanted) and wanted not in dict(choices):
            choices.insert(0, (wanted, wanted))
        field = self.fields["notice"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *choices]

    def request(self) -> dict[str, Any]:
        """The arguments of `create_export`; an open period is left for the service to refuse."""
        data = self.cleaned_data
        since, until = start_of(data["period_from"]), data["period_to"]
        end = start_of(until + _DAY) if until else None
        return {
            "notice_id": UUID(data["notice"]) if data["notice"] else None,
            "period": (since, end) if since and end else None,
            "reason": data["reason"],
            "recipient": data["recipient"],
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("period_from")) != bool(data.get("period_to")):
            field = "period_to" if data.get("period_from") else "period_from"
            self.add_error(field, _("A period needs both of its days."))
        return data


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
