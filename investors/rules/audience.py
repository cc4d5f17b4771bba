"""Whom a notice is for, and what is known of each of them at one instant. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from investors.rules.refusals import Refused, reason
from investors.rules.vocabulary import LANGUAGES, RISK_LEVELS, attribute

MAX_IDS = 100_000
TOUCHED = ("systems", "branches", "products", "channels")  # what an incident can hit


class Candidate(NamedTuple):
    """One investor as planning and sending see them: no personal data, only what decides.

    `*_state` is "" without a contact of that kind, otherwise unverified, verified or suppressed.
    `*_consent` is the present standing of the purpose; `*_wanted` is the preference for the topic
    asked about (True without a preference, and always for a mandatory topic).
    """

    investor_id: UUID
    language: str
    time_zone: str
    quiet_from: dt.time | None
    quiet_to: dt.time | None
    risk_level: str
    preferred_channels: tuple[str, ...]
    phone_id: UUID | None
    phone_state: str
    email_id: UUID | None
    email_state: str
    sms_consent: bool
    email_consent: bool
    push_consent: bool
    inbox_consent: bool
    sms_wanted: bool
    email_wanted: bool
    push_wanted: bool
    inbox_wanted: bool
    active: bool

    @property
    def sms_contact(self) -> UUID | None:
        """The phone to send SMS to; None without one that may be used."""
        return None if self.phone_state == "suppressed" else self.phone_id

    @property
    def email_contact(self) -> UUID | None:
        """The address to send e-mail to; None without one that may be used."""
        return None if self.email_state == "suppressed" else self.email_id


@dataclass(frozen=True, slots=True)
class Audience:
    """A query for investors, frozen into a notice. Every filter that is set must hold; within a
    filter any value will do. `everyone` must be said: an empty query is a slip, not a wish.
    `line` is the code of a business line. Only active investors are ever in an audience.

    `systems`, `branches`, `products` and `channels` (those that investors trade by) are what an
    incident hit; with `hit` "any" one of these four is enough, as when a system and, apart from
    it, a branch fail. Names are compared as `vocabulary.attribute` writes them."""

    line: str = ""
    languages: tuple[str, ...] = ()
    risk_levels: tuple[str, ...] = ()
    account_flags: tuple[str, ...] = ()
    ids: tuple[UUID, ...] = ()
    everyone: bool = False
    systems: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    hit: str = ""

    def __post_init__(self) -> None:
        _known(self.languages, LANGUAGES, "languages")
        _known(self.risk_levels, RISK_LEVELS, "risk_levels")
        _known((self.hit,), ("", "any"), "hit")
        if len(self.ids) > MAX_IDS:
            raise InvalidInput(
                _("An audience lists at most %(limit)s investors.") % {"limit": MAX_IDS},
                field="audience.ids",
            )
        narrowed = any(
            (
                self.line,
                self.languages,
                self.risk_levels,
                self.account_flags,
                self.ids,
                *self.touched,
            )
        )
        if not narrowed and not self.everyone:
            raise InvalidInput(
                _("Choose whom the notice is for, or say that it is for everyone."),
                code="audience_empty",
                field="audience",
            )

    @property
    def touched(self) -> tuple[tuple[str, ...], ...]:
        """What an incident hit: systems, branches, products, channels."""
        return (self.systems, self.branches, self.products, self.channels)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the filters that are not set."""
        plain = {name: value for name, value in asdict(self).items() if value}
        return {
            name: [str(item) for item in value] if isinstance(value, tuple) else value
            for name, value in plain.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Audience:
        """The inverse of `to_json`; raises InvalidInput naming the field at fault."""
        known = {field.name for field in fields(cls)}
        for name in data:
            if name not in known:
                raise InvalidInput(
                    _("There is no filter “%(name)s”.") % {"name": name}, field=f"audience.{name}"
                )
        return cls(
            line=_text(data.get("line", ""), "line"),
            languages=_texts(data, "languages"),
            risk_levels=_texts(data, "risk_levels"),
            account_flags=_texts(data, "account_flags"),
            ids=tuple(_uuid(item, at) for at, item in enumerate(_list(data, "ids"))),
            everyone=data.get("everyone", False) is True,
            **{name: _attributes(data, name) for name in TOUCHED},
            hit=_text(data.get("hit", ""), "hit"),
        )


def _known(values: tuple[str, ...], allowed: tuple[str, ...], name: str) -> None:
    for value in values:
        if value not in allowed:
            raise InvalidInput(
                _("“%(value)s” is not one of: %(known)s.")
                % {"value": value, "known": ", ".join(allowed)},
                field=f"audience.{name}",
            )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(_("Text is expected here."), field=f"audience.{name}")
    return value


def _list(data: Mapping[str, Any], name: str) -> list[object]:
    value = data.get(name, [])
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(_("A list is expected here."), field=f"audience.{name}")
    return list(value)


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{name}[{at}]") for at, item in enumerate(_list(data, name)))


def _attributes(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Names in normal form, each once."""
    try:
        return tuple(dict.fromkeys(filter(None, map(attribute, _texts(data, name)))))
    except Refused as refused:
        raise InvalidInput(
            reason(refused.code, refused.args_), code=refused.code, field=f"audience.{name}"
        ) from None


def _uuid(value: object, at: int) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise InvalidInput(
            _("This is not an investor's id."), field=f"audience.ids[{at}]"
        ) from None
