"""Deliveries whose worker died, or whose provider gave no clear answer.

For each expired lease: a provider that can be asked is asked by idempotency key; one that knows
keys gets the very same message again under the same key; with one that can do neither, the
delivery ends as `unconfirmed`. A late but definite answer of the first worker still counts then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from comms import bulk
from comms.channels.base import Accepted, SendError, Unseen
from comms.channels.exercise import provider_for
from comms.journal import Happening
from comms.planning import MAX_ATTEMPTS
from comms.rules import DeliveryState, EventKind, Evidence
from comms.services import sending
from comms.services.claiming import LEASE
from comms.services.sending import Result
from core.actor import Actor, system
from core.clock import uuid7

BATCH = 500
SILENCE = dt.timedelta(hours=1)  # a provider that cannot answer for so long never will


class _Lost(NamedTuple):
    """A delivery in `sending` whose lease ran out."""

    id: UUID
    notice: UUID
    version: UUID
    investor: UUID
    channel: str
    attempts: int
    key_group: int
    provider: str
    claimed_by: UUID
    since: dt.datetime
    commitment: bytes | None
    sealed: bytes | None
    exercise: bool

    @property
    def key(self) -> str:
        return f"{self.id}.{self.key_group}"


def recover_expired(
    *,
    now: dt.datetime,
    worker: str = "recovery",
    limit: int = BATCH,
    lease: dt.timedelta = LEASE,
) -> int:
    """Settle deliveries whose lease ran out before `now`; returns how many were looked at."""
    actor = system(worker)
    token = uuid7()
    with transaction.atomic():
        lost = _lock_expired(now, limit)
        hopeless = [row for row in lost if not _can_learn(row)]
        askable = [row for row in lost if _can_learn(row)]
        _take_over(askable, token, until=now + lease)
        for row in hopeless:
            sending.settle(row.claimed_by, [_unconfirmed(row, now)], actor=actor, now=now)
    for taker in {(row.channel, row.exercise) for row in askable}:
        asked = [row for row in askable if (row.channel, row.exercise) == taker]
        _ask(asked, token, actor=actor, now=now)
    return len(lost)


def _lock_expired(now: dt.datetime, limit: int) -> list[_Lost]:
    rows = bulk.fetch(
        """
        SELECT d.id, d.notice_id, n.version_id, d.investor_id, d.channel, d.attempts, d.key_group,
            d.provider, d.claimed_by, d.updated_at, d.commitment, d.content_sealed,
            n.exercise
        FROM comms_delivery d JOIN comms_notice n ON n.id = d.notice_id
        WHERE d.state = 'sending' AND d.lease_until < %s
        ORDER BY d.lease_until LIMIT %s FOR UPDATE OF d SKIP LOCKED
        """,
        [now, limit],
    )
    return [_Lost._make(row) for row in rows]


def _can_learn(row: _Lost) -> bool:
    provider = provider_for(row.channel, exercise=row.exercise)
    return provider.idempotent or provider.can_answer


def _take_over(rows: list[_Lost], token: UUID, *, until: dt.datetime) -> None:
    bulk.execute(
        "UPDATE comms_delivery SET claimed_by = %s, lease_until = %s WHERE id = ANY(%s)",
        [token, until, [row.id for row in rows]],
    )


def _ask(rows: list[_Lost], token: UUID, *, actor: Actor, now: dt.datetime) -> None:
    """Ask the provider of one channel, outside any transaction, and settle what is known."""
    provider = provider_for(rows[0].channel, exercise=rows[0].exercise)
    known: Mapping[str, Accepted | SendError | Unseen] = {}
    if provider.can_answer:
        known = provider.status([row.key for row in rows])
    results = []
    silent = []
    for row in rows:
        result = _result(row, known.get(row.key), provider.idempotent, now)
        if result is None:
            silent.append(row.id)
        else:
            results.append(result)
    sending.settle(token, results, actor=actor, now=now)
    sending.shorten_lease(token, silent, now + LEASE)


def _result(
    row: _Lost, answer: Accepted | SendError | Unseen | None, idempotent: bool, now: dt.datetime
) -> Result | None:
    """What becomes of one delivery; None to ask again later."""
    if isinstance(answer, Accepted):
        accepted = _happening(row, now)._replace(provider_ref=answer.ref)
        return sending.result_of(accepted, answer, now)
    if isinstance(answer, SendError) and not answer.unknown:
        return sending.result_of(_happening(row, now), answer, now)
    if isinstance(answer, Unseen) or idempotent:
        return _requeued(row, now) if row.attempts < MAX_ATTEMPTS else _unconfirmed(row, now)
    return _unconfirmed(row, now) if now - row.since > SILENCE else None


def _requeued(row: _Lost, now: dt.datetime) -> Result:
    happening = _happening(row, now)._replace(kind=EventKind.REQUEUED, commitment=None, sealed=None)
    return Result(happening, DeliveryState.QUEUED, Evidence.NONE, now, "lease_expired")


def _unconfirmed(row: _Lost, now: dt.datetime) -> Result:
    happening = _happening(row, now)._replace(kind=EventKind.UNCONFIRMED)
    return Result(happening, DeliveryState.UNCONFIRMED, Evidence.NONE, now, "no_answer")


def _happening(row: _Lost, now: dt.datetime) -> Happening:
    return Happening(
        delivery=row.id,
        notice=row.notice,
        investor=row.investor,
        channel=row.channel,
        kind=EventKind.ACCEPTED,
        at=now,
        attempt=row.attempts,
        provider=row.provider,
        payload={"recovered": True},
        commitment=row.commitment,
        sealed=row.sealed,
        version=row.version,
    )
