"""What happened to deliveries, written twice in the transaction of the change: as events, which
screens and indicators read, and as ledger records, which prove it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from audit.canonical import canonical_text
from audit.record import copy_lines, line_maker
from comms import bulk
from comms.rules import EventKind
from core.actor import Actor
from core.clock import isoformat, uuid7_hex

_EVENT_COLUMNS = (
    "id", "delivery_id", "notice", "kind", "at", "recorded_at", "attempt", "provider",
    "provider_ref", "dedupe", "detail",
)  # fmt: skip
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Happening(NamedTuple):
    """One thing that happened to one delivery.

    `payload` goes to the event's detail and, with channel, attempt and reference, to the ledger;
    it holds nothing personal. `commitment` binds the message handed over; `sealed` re-creates it.
    `dedupe` is the provider's identity of the event.
    """

    delivery: UUID
    notice: UUID
    investor: UUID
    channel: str
    kind: EventKind
    at: dt.datetime
    attempt: int = 0
    provider: str = ""
    provider_ref: str = ""
    payload: Mapping[str, Any] = NOTHING
    commitment: bytes | None = None
    sealed: bytes | None = None
    dedupe: str | None = None
    version: UUID | None = None


def write(happenings: Sequence[Happening], *, actor: Actor, now: dt.datetime) -> None:
    """Write an event and a ledger record for each, with one COPY each."""
    if not happenings:
        return
    recorded = isoformat(now)
    makers: dict[tuple[object, ...], tuple[_EventLine, _RecordLine]] = {}
    events = []
    records = []
    for h in happenings:
        same = (h.kind, h.at, h.notice, h.version)
        event_line, record_line = makers.get(same) or makers.setdefault(
            same, _makers(h, actor, recorded)
        )
        delivery = h.delivery.hex
        events.append(event_line(delivery, h))
        records.append(record_line(uuid7_hex(), delivery, h.investor.hex, _payload(h), h.sealed))
    bulk.copy_lines("comms_deliveryevent", _EVENT_COLUMNS, events)
    copy_lines(records)


_EventLine = Callable[[str, Happening], str]
_RecordLine = Callable[[str, str, str, str, bytes | None], str]


def _makers(h: Happening, actor: Actor, recorded: str) -> tuple[_EventLine, _RecordLine]:
    """What writes the event and the record of `h` and of all that differ from it in delivery,
    investor and outcome alone."""
    at = isoformat(h.at)
    head = f"{h.notice.hex}\t{h.kind.value}\t{at}\t{recorded}"

    def event_line(delivery: str, h: Happening) -> str:
        detail = bulk.escaped(canonical_text(dict(h.payload))) if h.payload else "{}"
        dedupe = bulk.NULL if h.dedupe is None else bulk.escaped(h.dedupe)
        return (
            f"{uuid7_hex()}\t{delivery}\t{head}\t{h.attempt}\t{bulk.escaped(h.provider)}"
            f"\t{bulk.escaped(h.provider_ref)}\t{dedupe}\t{detail}\n"
        )

    record_line = line_maker(
        occurred_at=at,
        recorded_at=recorded,
        action=action_of(h.kind),
        actor=actor.ref,
        notice=h.notice,
        version=h.version,
    )
    return event_line, record_line


def action_of(kind: EventKind) -> str:
    """The ledger's name for a kind of event, for example `delivery.accepted`."""
    return f"delivery.{kind.value}"


def _payload(h: Happening) -> str:
    """The record's payload. The plain case is written out, because it is every hand-over; a test
    holds it against the general one."""
    if not h.payload and h.commitment is not None and plain(h.provider_ref) and plain(h.provider):
        return (
            f'{{"attempt":{h.attempt},"channel":"{h.channel}","content":"{h.commitment.hex()}",'
            f'"provider":"{h.provider}","ref":"{h.provider_ref}"}}'
        )
    return payload_of(h)


def payload_of(h: Happening) -> str:
    """The canonical JSON of channel, attempt, provider, reference, commitment and `payload`."""
    payload = {"channel": h.channel, "attempt": h.attempt, **h.payload}
    if h.provider:
        payload["provider"] = h.provider
    if h.provider_ref:
        payload["ref"] = h.provider_ref
    if h.commitment is not None:
        payload["content"] = h.commitment.hex()
    return canonical_text(payload)


def plain(text: str) -> bool:
    """Whether JSON writes a non-empty `text` as it stands."""
    return (
        text.isascii()
        and text.isprintable()
        and '"' not in text
        and "\\" not in text
        and (text != "")
    )
