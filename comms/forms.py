"""Forms of notices: what a dispatcher fills in, the reasons of the control panel, the filters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from comms.planning import CLASSES
from comms.rules import (
    CHANNEL_LABELS,
    CRITICALITY_LABELS,
    DELIVERY_STATE_LABELS,
    EVIDENCE_LABELS,
    NOTICE_STATE_LABELS,
    SENT,
    Channel,
    Criticality,
    Evidence,
)
from comms.value_fields import ValueFields, field_of
from core import forms as core_forms
from core.errors import VouchsafeError
from core.models import BusinessLine
from investors.rules.vocabulary import RISK_LEVELS
from templates_mgmt.rules import LANGUAGE_LABELS, Language, Placeholder

UNTIL = (Evidence.DELIVERED, Evidence.OPENED, Evidence.VIEWED, Evidence.ACKNOWLEDGED)
MAX_REFS = 20_000
_HIT = {"hit_systems": "systems", "hit_branches": "branches", "hit_products": "products",
        "hit_channels": "channels"}  # fmt: skip
_NARROWING = ("languages", "risk_levels", "account_flags", "refs", "keep_list", *_HIT)

# Where a service's field name lands in the form.
_FIELDS = {
    "channels": "parallel",
    "channels.parallel": "parallel",
    "channels.fallback": "fallback_1",
    "channels.wait_seconds": "wait_minutes",
    "channels.until": "until",
    "channels.needed": "needed",
    "audience": "everyone",
    "audience.languages": "languages",
    "audience.risk_levels": "risk_levels",
    "audience.account_flags": "account_flags",
    "audience.ids": "refs",
    **{f"audience.{name}": field for field, name in _HIT.items()},
}


def labels(table: Mapping[Any, Any], members: Iterable[Any] | None = None) -> list[tuple[str, Any]]:
    """Choices of a form from a table of labels, all or the given members."""
    return [(str(member.value), table[member]) for member in members or table]


def hit_field(label: Any) -> forms.CharField:
    """Names separated by commas; an investor with any of them is meant."""
    return forms.CharField(
        label=label, required=False, max_length=2000, help_text=_("Separated by commas.")
    )


def names_in(text: str) -> list[str]:
    """The names of such a field."""
    return [name.strip() for name in re.split(r"[,，;；、\n]", text) if name.strip()]


class NoticeForm(ValueFields):
    """All that a draft notice holds. Placeholder values get a field each; see `arguments`."""

    title = forms.CharField(
        label=_("Title for the staff"),
        max_length=200,
        help_text=_("How this notice is found again; investors see the template's own heading."),
    )
    criticality = forms.ChoiceField(
        label=_("Criticality"),
        choices=labels(CRITICALITY_LABELS),
        widget=forms.RadioSelect,
        initial=Criticality.IMPORTANT.value,
    )
    parallel = forms.MultipleChoiceField(
        label=_("Channels used at once"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one channel."),
            "invalid_choice": _("The template has no wording for this channel."),
        },
    )
    fallback_1 = forms.ChoiceField(label=_("First fallback"), required=False)
    fallback_2 = forms.ChoiceField(label=_("Second fallback"), required=False)
    wait_minutes = forms.IntegerField(
        label=_("Wait before a fallback, in minutes"),
        required=False,
        min_value=0,
        max_value=7 * 24 * 60,
        help_text=_("Left empty, the class decides."),
    )
    until = forms.ChoiceField(
        label=_("A channel has done its work when the message is"),
        required=False,
        choices=[
            ("", _("as the class says")),
            *((e.name.lower(), EVIDENCE_LABELS[e]) for e in UNTIL),
        ],
    )
    needed = forms.IntegerField(
        label=_("Channels that must get there"),
        required=False,
        min_value=1,
        max_value=len(SENT),
        help_text=_("Left empty, the class decides."),
    )
    everyone = forms.BooleanField(
        label=_("Every active investor of the business line"), required=False
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        choices=labels(LANGUAGE_LABELS),
        widget=forms.CheckboxSelectMultiple,
    )
    risk_levels = forms.MultipleChoiceField(
        label=_("Risk levels"),
        required=False,
        choices=[(level, level) for level in RISK_LEVELS],
        widget=forms.CheckboxSelectMultiple,
    )
    account_flags = forms.CharField(
        label=_("Account flags"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas or blanks; an investor with any of them is meant."),
    )
    hit_systems = hit_field(_("Systems that they use"))
    hit_branches = hit_field(_("Branches"))
    hit_products = hit_field(_("Products that they hold"))
    hit_channels = hit_field(_("Channels that they trade by"))
    hit_any = forms.BooleanField(
        label=_("One of systems, branches, products or channels is enough"), required=False
    )
    refs = forms.CharField(
        label=_("Customer numbers"),
        required=False,
        max_length=40 * MAX_REFS,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line. Only these investors, still narrowed by the filters above."),
    )
    keep_list = forms.BooleanField(
        label=_("Keep the customer numbers listed before"), required=False, initial=True
    )
    reason = forms.CharField(
        label=_("Reason for this notice"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What happened, and why investors must hear of it; the releaser reads it."),
    )

    def __init__(
        self,
        *args: Any,
        channels: Collection[str],
        placeholders: Iterable[Placeholder],
        written: Collection[str],
        listed: Sequence[str] = (),
        corrects: bool = False,
        **kwargs: Any,
    ) -> None:
        """`channels` have a wording, in the languages `written`; `listed` are the investors that
        a draft names already; a notice that corrects another has its audience from there.

        Only channels with a provider are offered; `unsent` are the others that have a wording."""
        super().__init__(*args, **kwargs)
        self.listed = list(listed)
        self.corrects = corrects
        offered = [item for item in SENT if item.value in settings.CHANNEL_PROVIDERS]
        known = labels(CHANNEL_LABELS, [item for item in offered if item.value in channels])
        self.unsent = [
            CHANNEL_LABELS[item]
            for item in Channel
            if item.value in channels and item not in offered
        ]
        self.fields["parallel"].choices = known  # type: ignore[attr-defined]
        for name in ("fallback_1", "fallback_2"):
            self.fields[name].choices = [("", _("none")), *known]  # type: ignore[attr-defined]
        if not listed:
            del self.fields["keep_list"]
        self.add_values(placeholders, [item.value for item in Language if item.value in written])

    def clean_refs(self) -> list[str]:
        """The customer numbers, without blanks and repetitions."""
        refs = dict.fromkeys(self.cleaned_data["refs"].replace(",", "\n").split())
        if len(refs) > MAX_REFS:
            raise forms.ValidationError(
                _("At most %(limit)s customer numbers; import longer lists."),
                params={"limit": MAX_REFS},
            )
        return list(refs)

    def clean(self) -> dict[str, Any]:
        """An audience must be said: some filter, a list, or everyone. Never both."""
        data = super().clean() or {}
        narrowed = [name for name in _NARROWING if data.get(name)]
        if self.corrects or "refs" in self.errors:
            return data
        if not narrowed and not data.get("everyone"):
            self.add_error("everyone", _("Say whom it is for: everyone, a filter, or a list."))
        if narrowed and data.get("everyone"):
            self.add_error("everyone", _("Everyone, or a narrower audience: not both."))
        return data

    def clean_account_flags(self) -> list[str]:
        """The flags as a list."""
        return self.cleaned_data["account_flags"].replace(",", " ").replace("，", " ").split()

    def arguments(self, ids: Sequence[UUID] = ()) -> dict[str, Any]:
        """What `services.notices` takes; `ids` are the investors behind the customer numbers."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "criticality": data["criticality"],
            "channels": self._channels(),
            "audience": self._audience(ids),
            "values": self.values(),
            "reason": data["reason"],
        }

    def _channels(self) -> dict[str, Any]:
        data = self.cleaned_data
        plan: dict[str, Any] = {
            "parallel": data["parallel"],
            "fallback": [name for name in (data["fallback_1"], data["fallback_2"]) if name],
        }
        if data["wait_minutes"] is not None:
            plan["wait_seconds"] = data["wait_minutes"] * 60
        if data["until"]:
            plan["until"] = data["until"]
        if data["needed"] is not None:
            plan["needed"] = data["needed"]
        return plan

    def _audience(self, ids: Sequence[UUID]) -> dict[str, Any]:
        names = ("languages", "risk_levels", "account_flags", "everyone")
        audience = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        for field, hit in _HIT.items():
            if listed := names_in(self.cleaned_data[field]):
                audience[hit] = listed
        if self.cleaned_data["hit_any"]:
            audience["hit"] = "any"
        if not ids and self.cleaned_data.get("keep_list"):
            audience["ids"] = self.listed
        elif ids:
            audience["ids"] = [str(investor) for investor in ids]
        return audience


class CorrectionForm(ValueFields):
    """What a correction needs beside its wording: audience and channels are the original's."""

    title = forms.CharField(label=_("Title for the staff"), max_length=200)
    reason = forms.CharField(
        label=_("What was wrong, and what is right"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        placeholders: Iterable[Placeholder],
        written: Collection[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_values(placeholders, [item.value for item in Language if item.value in written])


def show_refusal(form: forms.Form, error: VouchsafeError) -> None:
    """Put a service's refusal beside the field that it is about."""
    base = (error.field or "").partition("[")[0]
    error.field = field_of(base) if base.startswith("values.") else _FIELDS.get(base, base)
    core_forms.add_error(form, error)


class ReasonForm(forms.Form):
    """The reason that a step asks for."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NoticeFilter(forms.Form):
    """The filters of the list, in the URL."""

    q = forms.CharField(
        label=_("Title or check code"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), *labels(NOTICE_STATE_LABELS)]
    )
    criticality = forms.ChoiceField(
        label=_("Criticality"),
        required=False,
        choices=[("", _("any")), *labels(CRITICALITY_LABELS)],
    )
    line = forms.ChoiceField(label=_("Business line"), required=False)
    template = forms.SlugField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: Iterable[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            ("", _("any")),
            *((line.code, line.name) for line in lines),
        ]


class DeliveryFilter(forms.Form):
    """The filters of a notice's deliveries, in the URL."""

    channel = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("any")), *labels(CHANNEL_LABELS, SENT)]
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), *labels(DELIVERY_STATE_LABELS)]
    )


def class_rules() -> list[dict[str, Any]]:
    """What each criticality class asks and does by itself, for the table beside the form."""
    return [
        {
            "criticality": criticality.value,
            "parallel": house.min_parallel,
            "backup": house.backup.value if house.backup else "",
            "quiet": house.overrides_quiet_hours,
            "wait_seconds": house.wait_seconds,
            "until": EVIDENCE_LABELS[house.until],
            "needed": house.needed,
        }
        for criticality, house in CLASSES.items()
    ]
