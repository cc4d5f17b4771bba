"""What providers report, in one form whatever the provider (D11). Pure.

JSON body: `{"events": [{"id", "reference" and/or "key", "kind", "at", …}, …]}`, where `key` is
the idempotency key that we sent, `kind` one of KINDS, `at` an RFC 3339 time with zone. Optional:
`code` (the provider's word for the reason), `permanent` (a bounce for good), `machine` (opened
by a scanner or a prefetching client), `text` (a reply; classified, never stored). A text message
that answers nothing we know of names its sender instead: `phone`, with `kind` "replied" or
"unsubscribed" (D16).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from comms import dsn
from comms.rules import EventKind
from investors.rules.contacts import normal_phone
from investors.rules.refusals import Refused

KINDS = {
    "accepted": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "bounced": EventKind.BOUNCED,
    "complained": EventKind.COMPLAINED,
    "opened": EventKind.OPENED,
    "clicked": EventKind.CLICKED,
    "replied": EventKind.ANSWERED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "delayed": EventKind.DELAYED,
}
MAX_EVENTS = 5000
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "t", "td", "n", "退订", "退訂"}
)
_CODE = re.compile(r"[^A-Za-z0-9_.-]")


class Unreadable(ValueError):
    """The whole body cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event about one message.

    `delivery_id` comes from the idempotency key, `ref` is the provider's reference; at least one
    is there. `dead_address` tells a bounce that condemns the address. `dedupe` is the same each
    time the provider tells the same thing.
    """

    dedupe: str
    delivery_id: UUID | None
    ref: str
    kind: EventKind
    at: dt.datetime
    code: str
    dead_address: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """A number that asks to be left alone, known by nothing but itself: E.164, never stored."""

    phone: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Parsed:
    """The usable events of a body, numbers that asked to be left alone, and what was wrong with
    the others (`event 3: …`)."""

    events: tuple[ProviderEvent, ...]
    problems: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


def parse_json(provider: str, body: bytes, *, received_at: dt.datetime) -> Parsed:
    """Read a JSON body; raises Unreadable when it has no list of events."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    listed = content.get("events") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise Unreadable("no list “events”")
    if len(listed) > MAX_EVENTS:
        raise Unreadable(f"more than {MAX_EVENTS} events")
    events, problems, stops = [], [], []
    for number, item in enumerate(listed, start=1):
        try:
            if isinstance(item, dict) and _nameless(item):
                stops.append(_stop(item, received_at))
            else:
                events.append(_event(provider, item, received_at))
        except ValueError as error:
            problems.append(f"event {number}: {error}")
    return Parsed(tuple(events), tuple(problems), tuple(stops))


def parse_dsn(provider: str, body: bytes, *, received_at: dt.datetime) -> Parsed:
    """Read an RFC 3464 notification; raises Unreadable when it is none."""
    try:
        report = dsn.parse(body)
    except dsn.NotADsn as error:
        raise Unreadable(str(error)) from error
    events = []
    for status in report.recipients:
        identity = f"{report.message_id}|{report.envelope_id}|{status.action}|{status.status}"
        events.append(
            ProviderEvent(
                dedupe=_dedupe(provider, identity),
                delivery_id=delivery_of_key(report.message_id)
                or delivery_of_key(report.envelope_id),
                ref=report.message_id[:200],
                kind=KINDS[status.kind or "delayed"],
                at=received_at,
                code=status.status,
                dead_address=status.address_is_dead,
            )
        )
    return Parsed(tuple(events))


def delivery_of_key(key: str) -> UUID | None:
    """The delivery of an idempotency key `<id>.<n>`, also as the left part of a Message-ID."""
    identity, dot, group = key.partition("@")[0].partition(".")
    if not dot or not (group.isascii() and group.isdigit()):
        return None
    try:
        return UUID(identity)
    except ValueError:
        return None


def is_stop_word(text: str) -> bool:
    """Whether a reply asks to be left alone (D16): STOP, 退订, T, TD, N … in any dress."""
    plain = unicodedata.normalize("NFKC", text).strip(" \t\r\n.!。！\"'“”").casefold()
    return plain in STOP_WORDS


def _nameless(item: Mapping[str, Any]) -> bool:
    """Whether an event names a telephone number and no message."""
    return bool(item.get("phone")) and not item.get("reference") and not item.get("key")


def _stop(item: Mapping[str, Any], received_at: dt.datetime) -> Stop:
    """The wish of a sender; a ValueError when it is none, or nobody can be told by it."""
    kind, text = item.get("kind"), str(item.get("text", ""))
    if kind != "unsubscribed" and not (kind == "replied" and is_stop_word(text)):
        raise ValueError("answers no message of ours, and asks for nothing we know")
    try:
        phone = normal_phone(_text(item, "phone"))
    except Refused:
        raise ValueError("“phone” is not a telephone number") from None
    return Stop(phone, min(_instant(item), received_at))


def _event(provider: str, item: Any, received_at: dt.datetime) -> ProviderEvent:
    if not isinstance(item, dict):
        raise ValueError("not an object")
    word = item.get("kind")
    kind = KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise ValueError("unknown kind")
    if kind is EventKind.OPENED and item.get("machine") is True:
        kind = EventKind.MACHINE_OPENED
    if kind is EventKind.ANSWERED and is_stop_word(str(item.get("text", ""))):
        kind = EventKind.UNSUBSCRIBED
    ref, key = _text(item, "reference"), _text(item, "key")
    delivery_id = delivery_of_key(key)
    if not ref and delivery_id is None:
        raise ValueError("neither “reference” nor “key”")
    at = min(_instant(item), received_at)
    identity = _text(item, "id") or f"{ref}|{key}|{kind.value}|{at.isoformat()}"
    return ProviderEvent(
        dedupe=_dedupe(provider, identity),
        delivery_id=delivery_id,
        ref=ref,
        kind=kind,
        at=at,
        code=_CODE.sub("", _text(item, "code"))[:40],
        dead_address=kind is EventKind.BOUNCED and item.get("permanent") is True,
    )


def _dedupe(provider: str, identity: str) -> str:
    return f"{provider}:{hashlib.sha256(identity.encode()).hexdigest()[:40]}"


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name, "")
    if not isinstance(value, str) or len(value) > 200 or "\x00" in value:
        raise ValueError(f"“{name}” is not a text of at most 200 characters")
    return value


def _instant(item: Mapping[str, Any]) -> dt.datetime:
    try:
        at = dt.datetime.fromisoformat(item["at"])
    except (KeyError, TypeError, ValueError):
        raise ValueError("“at” is not an RFC 3339 time") from None
    if at.tzinfo is None:
        raise ValueError("“at” has no time zone")
    return at.astimezone(dt.UTC)
