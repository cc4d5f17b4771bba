"""Claiming due deliveries: the check at the instant of sending, and the message of each (I5)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.leaf import Subjects
from audit.record import record
from comms import bulk, content, frozen, journal, planning
from comms.channels import base
from comms.channels.exercise import provider_for
from comms.frozen import Released
from comms.journal import Happening
from comms.rules import Channel, Criticality, DeliveryState, EventKind
from comms.services import fallback
from comms.services.writing import Ready, Row, Writer
from core import crypto
from core.actor import Actor
from core.clock import uuid7
from core.crypto import SealBroken
from core.errors import Conflict
from investors import candidates as investors
from templates_mgmt.filing.binding import stopped_sms
from templates_mgmt.rendering import MissingValue

LEASE = dt.timedelta(seconds=120)
UNSAFE_BATCH = 20  # for providers that neither answer questions nor know keys


@dataclass(slots=True)
class Claim:
    """Deliveries of one notice on one channel that this worker may hand over until the lease
    runs out. `token` proves it; `deadline` is on this process's monotonic clock."""

    token: UUID
    notice: Released
    channel: Channel
    provider: base.Channel
    deadline: float
    size: int = 0
    ready: list[Ready] = field(default_factory=list)


def claim_batch(
    *, actor: Actor, now: dt.datetime, limit: int, channel: Channel | None, lease: dt.timedelta
) -> Claim | None:
    """Claim up to `limit` due deliveries; None when nothing is due that others do not hold."""
    if (place := _places.get(channel)) is not None and time.monotonic() < place.until:
        with transaction.atomic():
            claim = _claim(place.notice, place.channel, place, actor, now, limit, lease)
        if claim is not None:
            return claim
    for notice_id, name in _work(channel, now):
        place = _Place(notice_id, Channel(name), time.monotonic() + _STAY)
        with transaction.atomic():
            claim = _claim(notice_id, Channel(name), place, actor, now, limit, lease)
        if claim is not None:
            _places[channel] = place
            return claim
    _places.pop(channel, None)
    return None


_FIRST_INSTANT = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_FIRST_ID = UUID(int=0)


@dataclass(slots=True)
class _Place:
    """Where this process claimed last: the next claim goes on behind it instead of walking over
    index entries that are dead already. For `_STAY` seconds only, because more urgent notices
    and retries are found by looking from the beginning. Only a hint: rows decide."""

    notice: UUID
    channel: Channel
    until: float
    due_at: dt.datetime = _FIRST_INSTANT
    row: UUID = _FIRST_ID


_STAY = 2.0
_places: dict[Channel | None, _Place] = {}


def something_due(now: dt.datetime) -> bool:
    """Whether a worker would find anything to do."""
    return bool(_work(None, now))


def _work(channel: Channel | None, now: dt.datetime) -> list[tuple[UUID, str]]:
    """Notices and channels with something due: most critical first, then first released."""
    channels = [channel.value] if channel else [item.value for item in Channel]
    return bulk.fetch(
        """
        SELECT n.id, c.name FROM comms_notice n CROSS JOIN unnest(%s::text[]) AS c(name)
        WHERE n.state = 'sending' AND EXISTS (
            SELECT FROM comms_delivery d WHERE d.notice_id = n.id AND d.state = 'queued'
            AND d.channel = c.name AND d.due_at <= %s)
        ORDER BY array_position(%s::text[], n.criticality::text), n.released_at, c.name
        """,
        [channels, now, [item.value for item in Criticality]],
    )


def _claim(
    notice_id: UUID,
    channel: Channel,
    place: _Place,
    actor: Actor,
    now: dt.datetime,
    limit: int,
    lease: dt.timedelta,
) -> Claim | None:
    started = time.monotonic()
    approved = frozen.lock(notice_id)
    if approved is None:
        return None
    notice = frozen.released(notice_id)
    provider = provider_for(channel.value, exercise=notice.exercise)
    if not (provider.idempotent or provider.can_answer):
        limit = min(limit, UNSAFE_BATCH)
    rows = _locked_rows(place, now, limit)
    if not rows:
        return None
    claim = Claim(
        token=uuid7(),
        notice=notice,
        channel=channel,
        provider=provider,
        deadline=started + lease.total_seconds() * 0.8,
        size=len(rows),
    )
    wordings = _wordings(notice_id) if approved else None
    held, refused = _prepare(claim, rows, wordings, now)
    _refuse(claim, rows, refused, actor=actor, now=now)
    _hold(claim, rows, held, actor=actor, now=now)
    _mark_sending(claim, actor=actor, now=now, until=now + lease)
    return claim


def _locked_rows(place: _Place, now: dt.datetime, limit: int) -> list[Row]:
    rows = bulk.fetch(
        """
        SELECT id, investor_id, language, attempts, key_group, commitment, content_sealed, due_at
        FROM comms_delivery
        WHERE notice_id = %s AND state = 'queued' AND channel = %s AND due_at <= %s
          AND (due_at, id) > (%s, %s)
        ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        [place.notice, place.channel.value, now, place.due_at, place.row, limit],
    )
    if rows:
        place.row, place.due_at = rows[-1][0], rows[-1][-1]
    return [Row._make(row[:-1]) for row in rows]


def _wordings(notice_id: UUID) -> content.Wordings | None:
    """What is sent under the approval; None when the stored content is not what was approved."""
    try:
        return frozen.wordings(notice_id)
    except (Conflict, LookupError):
        return None


def _prepare(
    claim: Claim, rows: list[Row], wordings: content.Wordings | None, now: dt.datetime
) -> tuple[dict[UUID, dt.datetime], dict[UUID, str]]:
    """Fill `claim.ready`; returns the deliveries held until an instant, and those refused."""
    if wordings is None:
        return {}, {row.id: planning.Reason.NOT_APPROVED.value for row in rows}
    notice, channel, criticality = claim.notice, claim.channel, claim.notice.criticality
    people = investors.on_channel(
        [row.investor for row in rows], topic_code=notice.topic, channel=channel.value
    )
    writer = Writer.of(notice, channel, claim.provider, wordings, now=now)
    stopped = stopped_sms(notice.version) if channel is Channel.SMS else frozenset()
    held: dict[UUID, dt.datetime] = {}
    refused: dict[UUID, str] = {}
    for row in rows:
        person = people.get(row.investor)
        if person is None:
            refused[row.id] = planning.Reason.CLOSED.value
            continue
        if person.wrapped is None:
            refused[row.id] = planning.Reason.ERASED.value
            continue
        if row.language in stopped:
            refused[row.id] = planning.Reason.CARRIER_STOPPED.value
            continue
        verdict = planning.may_send_now(person, criticality, channel, now)
        if verdict is None:
            try:
                claim.ready.append(writer.write(row, person))
            except MissingValue as missing:
                refused[row.id] = planning.missing_value(missing.name)
            except (LookupError, SealBroken):
                refused[row.id] = planning.Reason.ERASED.value
        elif isinstance(verdict, planning.Hold):
            held[row.id] = verdict.until
        else:
            refused[row.id] = verdict.value
    return held, refused


def _mark_sending(claim: Claim, *, actor: Actor, now: dt.datetime, until: dt.datetime) -> None:
    """Write `sending`, and one record for the batch: it binds what is about to be handed over
    before any of it is, also where nobody learns what became of it."""
    if not claim.ready:
        return
    bulk.execute(
        """
        UPDATE comms_delivery d SET state = 'sending', attempts = d.attempts + 1,
            claimed_by = %s, lease_until = %s, provider = %s, contact_id = x.contact,
            commitment = x.commitment, content_sealed = x.sealed, updated_at = %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[])
            AS x(id, contact, commitment, sealed)
        WHERE d.id = x.id
        """,
        [
            claim.token,
            until,
            claim.provider.name,
            now,
            bulk.uuids(item.row.id for item in claim.ready),
            bulk.uuids(item.contact for item in claim.ready),
            bulk.blobs(item.commitment for item in claim.ready),
            bulk.blobs(item.sealed for item in claim.ready),
        ],
    )
    bound = b"".join(item.row.id.bytes + item.commitment for item in claim.ready)
    record(
        action="delivery.handing_over",
        actor=actor,
        now=now,
        subjects=Subjects(notice=claim.notice.id, version=claim.notice.version),
        payload={
            "channel": claim.channel.value,
            "provider": claim.provider.name,
            "deliveries": len(claim.ready),
            "contents": crypto.sha256_hex(bound),
        },
    )


def _refuse(
    claim: Claim, rows: list[Row], refused: Mapping[UUID, str], *, actor: Actor, now: dt.datetime
) -> None:
    """End deliveries that may not go out. One whose earlier attempt may have arrived ends as
    unconfirmed, because nobody can say that it was not sent."""
    if not refused:
        return
    hit = [row for row in rows if row.id in refused]
    states = [
        (DeliveryState.REFUSED if row.sealed is None else DeliveryState.UNCONFIRMED).value
        for row in hit
    ]
    bulk.execute(
        """
        UPDATE comms_delivery d SET state = x.state, last_error = x.reason, updated_at = %s
        FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS x(id, state, reason)
        WHERE d.id = x.id
        """,
        [
            now,
            bulk.uuids(row.id for row in hit),
            bulk.texts(states),
            bulk.texts(refused[row.id] for row in hit),
        ],
    )
    journal.write(
        [
            _happening(claim, row, EventKind(state), now, {"reason": refused[row.id]})
            for row, state in zip(hit, states, strict=True)
        ],
        actor=actor,
        now=now,
    )
    fallback.reconsider(
        notice_id=claim.notice.id, investor_ids=[row.investor for row in hit], now=now
    )


def _hold(
    claim: Claim,
    rows: list[Row],
    held: Mapping[UUID, dt.datetime],
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    if not held:
        return
    bulk.execute(
        """
        UPDATE comms_delivery d SET state = 'held', held_reason = %s, due_at = x.until,
            updated_at = %s
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS x(id, until) WHERE d.id = x.id
        """,
        [planning.QUIET_HOURS, now, bulk.uuids(held), bulk.instants(held.values())],
    )
    payload: dict[str, Any] = {"reason": planning.QUIET_HOURS}
    journal.write(
        [_happening(claim, row, EventKind.HELD, now, payload) for row in rows if row.id in held],
        actor=actor,
        now=now,
    )


def _happening(
    claim: Claim, row: Row, kind: EventKind, now: dt.datetime, payload: dict[str, Any]
) -> Happening:
    return Happening(
        delivery=row.id,
        notice=claim.notice.id,
        investor=row.investor,
        channel=claim.channel.value,
        kind=kind,
        at=now,
        attempt=row.attempts,
        payload=payload,
        version=claim.notice.version,
    )
