"""What happened to deliveries, written twice in the transaction of the change: as events, which
screens and indicators read, and as ledger records, which prove it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from audit.canonical import canonical_text
from audit.leaf import Entry, Subjects
from audit.record import record_many
from comms import bulk
from comms.rules import EventKind
from core.actor import Actor
from core.clock import uuid7

_EVENT_COLUMNS = (
    "id", "delivery_id", "notice", "kind", "at", "recorded_at", "attempt", "provider",
    "provider_ref", "dedupe", "detail",
)  # fmt: skip


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
    payload: dict[str, Any] = {}
    commitment: bytes | None = None
    sealed: bytes | None = None
    dedupe: str | None = None
    version: UUID | None = None


def write(happenings: Sequence[Happening], *, actor: Actor, now: dt.datetime) -> None:
    """Write an event and a ledger record for each, with one COPY each."""
    if not happenings:
        return
    bulk.copy("comms_deliveryevent", _EVENT_COLUMNS, [_event(h, now) for h in happenings])
    record_many(_entry(happening, actor.ref, now) for happening in happenings)


def action_of(kind: EventKind) -> str:
    """The ledger's name for a kind of event, for example `delivery.accepted`."""
    return f"delivery.{kind.value}"


def _event(h: Happening, now: dt.datetime) -> tuple[Any, ...]:
    detail = canonical_text(h.payload) if h.payload else "{}"
    return (
        uuid7(), h.delivery, h.notice, h.kind.value, h.at, now, h.attempt, h.provider,
        h.provider_ref, h.dedupe, detail,
    )  # fmt: skip


def _entry(h: Happening, actor: str, now: dt.datetime) -> Entry:
    payload = {"channel": h.channel, "attempt": h.attempt, **h.payload}
    if h.provider:
        payload["provider"] = h.provider
    if h.provider_ref:
        payload["ref"] = h.provider_ref
    if h.commitment is not None:
        payload["content"] = h.commitment.hex()
    return Entry(
        id=uuid7(),
        occurred_at=h.at,
        recorded_at=now,
        action=action_of(h.kind),
        actor=actor,
        subjects=Subjects(
            notice=h.notice, delivery=h.delivery, investor=h.investor, version=h.version
        ),
        payload=canonical_text(payload),
        sealed=h.sealed,
    )
