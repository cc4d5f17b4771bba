"""The filters of the audit history, as they stand in the URL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.browsing import labels
from audit.browsing.rules import CHANNELS, KIND_LABELS, OUTCOME_LABELS, RecordFilter
from core.models import User

_DAY = dt.timedelta(days=1)
_CODE = RegexValidator(r"^[a-z][a-z0-9_-]*$")

AREAS = {
    "notice": _("Notices"),
    "delivery": _("Deliveries"),
    "investor": _("Investors"),
    "consent": _("Consent and preferences"),
    "import": _("Imports"),
    "template": _("Templates"),
    "user": _("Staff and access"),
    "selfservice": _("Self-service"),
    "audit": _("Audit"),
    "export": _("Exports"),
    "retention": _("Retention"),
}
_OF_AREA = {
    "receipt": "delivery",
    "inbox": "delivery",
    "contact": "investor",
    "consent_notice": "consent",
    "preference": "consent",
    "topic": "consent",
    "optout": "consent",
    "device": "user",
    "recovery_codes": "user",
    "session": "user",
    "api_key": "user",
    "line": "user",
    "search": "audit",
    "history": "audit",
    "access_review": "audit",
    "kek": "audit",
    "erasure": "investor",
    "review_group": "template",
    "hold": "retention",
}


class _Date(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Instant(forms.DateTimeField):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class _Staff(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return str(obj)


class Options(forms.Select):
    """A select of many options, written out at once: Django renders a template for each."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """The select; groups are one level deep."""
        chosen = "" if value is None else str(value)
        parts = [
            format_html('<optgroup label="{}">{}</optgroup>', label, self._options(entries, chosen))
            if isinstance(entries, (list, tuple))
            else self._options([(label, entries)], chosen)
            for label, entries in self.choices
        ]
        given = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        inside = format_html_join("", "{}", ((part,) for part in parts))
        return format_html("<select{}>{}</select>", flatatt(given), inside)

    @staticmethod
    def _options(entries: Iterable[tuple[Any, Any]], chosen: str) -> SafeString:
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (value, SafeString(" selected") if str(value) == chosen else "", words)
                for value, words in entries
            ),
        )


class RecordFilterForm(forms.Form):
    """What to show of the history."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_(
            "Words in Chinese or English, an id, a place in the log, an action or an actor. "
            "Personal data is sealed and is not searched."
        ),
    )
    action = forms.ChoiceField(label=_("Action"), required=False, widget=Options)
    staff = _Staff(
        label=_("Member of staff"),
        required=False,
        queryset=User.objects.none(),
        widget=Options,
    )
    since = _Date(label=_("From"), required=False)
    until = _Date(label=_("To (inclusive)"), required=False)
    as_of = _Instant(
        label=_("As of"),
        required=False,
        help_text=_("Only what was recorded by then."),
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("All")), *OUTCOME_LABELS.items()]
    )
    channel = forms.CharField(
        label=_("Channel"),
        required=False,
        max_length=40,
        validators=[_CODE],
        widget=forms.TextInput(attrs={"list": "channels"}),
    )
    kind = forms.CharField(
        label=_("About"),
        required=False,
        max_length=40,
        validators=[_CODE],
        widget=forms.TextInput(attrs={"list": "kinds"}),
    )
    notice = forms.UUIDField(label=_("Notice"), required=False)
    delivery = forms.UUIDField(label=_("Delivery"), required=False)
    investor = forms.UUIDField(label=_("Investor"), required=False)
    template = forms.UUIDField(label=_("Template"), required=False)
    version = forms.UUIDField(label=_("Template version"), required=False)
    incident = forms.UUIDField(label=_("Incident"), required=False)
    actor = forms.CharField(label=_("Actor"), required=False, max_length=120)
    object = forms.CharField(label=_("Object"), required=False, max_length=200)

    codes = ("channel", "kind")
    subjects = (
        "notice", "delivery", "investor", "template", "version", "incident", "actor", "object",
    )  # fmt: skip
    channels = CHANNELS
    kinds = tuple(KIND_LABELS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action, staff = self.fields["action"], self.fields["staff"]
        assert isinstance(action, forms.ChoiceField)
        assert isinstance(staff, forms.ModelChoiceField)
        action.choices = action_choices(self.data.get("action", ""))
        staff.queryset = User.objects.order_by("display_name", "username")
        staff.empty_label = str(_("All"))

    def filters(self) -> RecordFilter:
        """The filters in force; days are whole days of the reader's zone."""
        data = self.cleaned_data
        until = data["until"]
        return RecordFilter(
            text=data["q"],
            action=data["action"],
            outcome=data["outcome"],
            staff=data["staff"].pk if data["staff"] else None,
            since=start_of(data["since"]),
            until=start_of(until + _DAY) if until else None,
            as_of=data["as_of"],
            **{name: data[name] for name in (*self.codes, *self.subjects)},
        )

    def subject_fields(self) -> list[forms.BoundField]:
        """The less usual filters, shown apart."""
        return [self[name] for name in (*self.codes, *self.subjects)]

    def subject_in_force(self) -> bool:
        """Whether one of the less usual filters is set."""
        return any(self.data.get(name) for name in (*self.codes, *self.subjects))


def action_choices(chosen: str = "") -> list[Any]:
    """All actions by their labels, by area; an unknown one that is asked for stays."""

    def area_of(action: str) -> str:
        area = action.partition(".")[0]
        return _OF_AREA.get(area, area)

    order = list(AREAS)
    ranked = sorted(
        labels.ACTIONS,
        key=lambda action: (
            order.index(area_of(action)) if area_of(action) in AREAS else len(order),
            area_of(action),
        ),
    )
    groups = [
        (AREAS.get(area, area), [(action, labels.ACTIONS[action].words) for action in those])
        for area, those in groupby(ranked, key=area_of)
    ]
    extra = [(chosen, chosen)] if chosen and chosen not in labels.ACTIONS else []
    return [("", _("All")), *extra, *groups]


def start_of(day: dt.date | None) -> dt.datetime | None:
    """The first instant of a day in the reader's zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min)) if day else None


class SaveQueryForm(forms.Form):
    """A name for the question on the screen."""

    name = forms.CharField(
        label=_("Name of the query"),
        max_length=120,
        help_text=_("Shown to all auditors; name no investor in it."),
    )
