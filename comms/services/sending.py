"""Sending. PostgreSQL rows are the truth; a worker only ever holds a lease on some of them.

1. In one transaction (`claiming`): lock due deliveries of one notice and channel, skipping what
   others hold; check approval, consent, suppression and quiet hours as they stand now; write
   refusals; render; write `sending`, the lease, and the commitment to each message. Commit.
2. Outside any transaction: hand the messages to the provider.
3. In one transaction: write the outcomes of those rows that still carry this claim's token,
   with an event and a ledger record for each, and let fallbacks react.

A crash before 1 commits loses nothing. A crash after it leaves `sending` rows whose lease runs
out; `recovery` asks the provider, repeats under the same idempotency key, or, where neither
works, ends in `unconfirmed`. Nothing is ever resent blindly.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from comms import bulk, frozen, journal, planning
from comms.channels.base import DEAD_ADDRESS, Accepted, Channel, Outcome, Outgoing, SendError
from comms.journal import Happening
from comms.rules import Channel as ChannelName
from comms.rules import DeliveryState, EventKind, Evidence
from comms.services import bounces, claiming, fallback
from comms.services.claiming import LEASE, Claim
from core.actor import Actor, system

BATCH = 1000
UNKNOWN_LEASE = dt.timedelta(seconds=5)
LEASE_OVER = SendError(False, "lease_over")  # never handed over: our own slowness
STOPPED = SendError(False, "stopped")  # never handed over: paused, cancelled or recalled meanwhile
log = logging.getLogger(__name__)


def send_batch(
    *,
    worker: str,
    now: dt.datetime,
    limit: int = BATCH,
    channel: ChannelName | None = None,
    lease: dt.timedelta = LEASE,
) -> int:
    """Claim and hand over one batch; returns how many deliveries were dealt with, 0 when
    nothing is due. `worker` names the process in the ledger."""
    started = time.monotonic()
    actor = system(worker)
    claim = claiming.claim_batch(actor=actor, now=now, limit=limit, channel=channel, lease=lease)
    if claim is None:
        return 0
    if claim.ready:
        messages = [item.message for item in claim.ready]
        outcomes = hand_over(
            claim.provider,
            messages,
            deadline=claim.deadline,
            goes_on=partial(frozen.goes_on, claim.notice.id),
        )
        at = now + dt.timedelta(seconds=time.monotonic() - started)
        settle(claim.token, _results(claim, outcomes, at), actor=actor, now=at)
    return claim.size


def hand_over(
    provider: Channel,
    messages: Sequence[Outgoing],
    *,
    deadline: float,
    goes_on: Callable[[], bool] = lambda: True,
) -> list[Outcome]:
    """One outcome per message. What a provider raises is an unknown outcome for its chunk; after
    `deadline` (monotonic) nothing more is handed over, because the lease may be somebody
    else's; nor is it when the notice does not go on (asked between two calls)."""
    outcomes: list[Outcome] = []
    for start in range(0, len(messages), provider.batch):
        chunk = messages[start : start + provider.batch]
        if time.monotonic() > deadline:
            return outcomes + [LEASE_OVER] * (len(messages) - start)
        if start and not goes_on():
            return outcomes + [STOPPED] * (len(messages) - start)
        try:
            answer = list(provider.send_batch(chunk))
        except Exception as error:
            log.exception("provider %s raised", provider.name)
            answer = [SendError(False, type(error).__name__[:40], unknown=True)] * len(chunk)
        if len(answer) != len(chunk):
            log.error("provider %s gave %d outcomes for %d", provider.name, len(answer), len(chunk))
            answer = [SendError(False, "bad_answer", unknown=True)] * len(chunk)
        outcomes += answer
    return outcomes


class Result(NamedTuple):
    """What becomes of a delivery in `sending`. `again` clears the message for a fresh attempt
    under a new key; otherwise a queued delivery repeats the same message under the same key."""

    happening: Happening
    state: DeliveryState
    evidence: Evidence
    due_at: dt.datetime
    error: str = ""
    again: bool = False


def result_of(happening: Happening, outcome: Outcome, now: dt.datetime) -> Result | None:
    """The result of one outcome; None while it is unknown. `happening` is that of acceptance,
    with its reference."""
    if isinstance(outcome, Accepted):
        if outcome.delivered:
            told = happening._replace(kind=EventKind.DELIVERED)
            return Result(told, DeliveryState.DELIVERED, Evidence.DELIVERED, now)
        return Result(happening, DeliveryState.ACCEPTED, Evidence.ACCEPTED, now)
    if outcome.unknown:
        return None
    payload = {"code": outcome.code, **({"text": outcome.text} if outcome.text else {})}
    told = happening._replace(payload=payload, commitment=None, sealed=None)
    if outcome in (LEASE_OVER, STOPPED):
        retry: dt.datetime | None = now
    else:
        retry = None if outcome.permanent else planning.retry_at(happening.attempt, now)
    if retry is None:
        kind, state, due = EventKind.FAILED, DeliveryState.FAILED, now
    else:
        kind, state, due = EventKind.DELAYED, DeliveryState.QUEUED, retry
    return Result(told._replace(kind=kind), state, Evidence.NONE, due, outcome.code, again=True)


def settle(token: UUID, results: Sequence[Result], *, actor: Actor, now: dt.datetime) -> int:
    """Write results of a claim in one transaction; returns how many still were its own. Rows
    that another worker has taken over meanwhile are left to it, without event or record."""
    with transaction.atomic():
        own = _write(token, results, now)
        mine = [result for result in results if result.happening.delivery in own]
        journal.write([result.happening for result in mine], actor=actor, now=now)
        by_notice: dict[UUID, list[UUID]] = {}
        for result in mine:
            by_notice.setdefault(result.happening.notice, []).append(result.happening.investor)
        for notice_id, people in by_notice.items():
            fallback.reconsider(notice_id=notice_id, investor_ids=people, now=now)
        dead = [result.happening.delivery for result in mine if result.error == DEAD_ADDRESS]
        if dead:
            bounces.suppress(deliveries=dead, actor=actor, now=now)
    return len(mine)


def _results(claim: Claim, outcomes: Sequence[Outcome], now: dt.datetime) -> list[Result]:
    """Results in claim order; unknown outcomes stay in `sending`, with a short lease."""
    results = []
    unknown = []
    notice, version, provider = claim.notice.id, claim.notice.version, claim.provider.name
    channel = claim.channel.value
    for item, outcome in zip(claim.ready, outcomes, strict=True):
        row = item.row
        happening = Happening(
            row.id,
            notice,
            row.investor,
            channel,
            EventKind.ACCEPTED,
            now,
            row.attempts + 1,
            provider,
            outcome.ref if isinstance(outcome, Accepted) else "",
            journal.NOTHING,
            item.commitment,
            item.sealed,
            None,
            version,
        )
        result = result_of(happening, outcome, now)
        if result is None:
            unknown.append(row.id)
        else:
            results.append(result)
    if unknown:
        shorten_lease(claim.token, unknown, now + UNKNOWN_LEASE)
    return results


def shorten_lease(token: UUID, deliveries: list[UUID], until: dt.datetime) -> None:
    """Let recovery look at these soon."""
    bulk.execute(
        "UPDATE comms_delivery SET lease_until = %s "
        "WHERE id = ANY(%s) AND claimed_by = %s AND state = 'sending'",
        [until, deliveries, token],
    )


def _write(token: UUID, results: Sequence[Result], now: dt.datetime) -> set[UUID]:
    if not results:
        return set()
    rows = bulk.fetch(
        """
        UPDATE comms_delivery d SET state = x.state, evidence = greatest(d.evidence, x.evidence),
            provider_ref = x.ref, last_error = x.error, due_at = x.due_at, lease_until = NULL,
            handed_at = CASE WHEN x.evidence > 0 THEN %s ELSE d.handed_at END,
            key_group = d.key_group + x.again::int,
            commitment = CASE WHEN x.again THEN NULL ELSE d.commitment END,
            content_sealed = CASE WHEN x.again THEN NULL ELSE d.content_sealed END,
            updated_at = %s
        FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[], %s::text[], %s::timestamptz[],
                    %s::bool[]) AS x(id, state, evidence, ref, error, due_at, again)
        WHERE d.id = x.id AND d.claimed_by = %s AND (d.state = 'sending'
            OR d.state = 'unconfirmed' AND x.state IN ('accepted', 'delivered', 'failed'))
        RETURNING d.id
        """,
        [
            now,
            now,
            bulk.uuids(result.happening.delivery for result in results),
            bulk.texts(result.state._value_ for result in results),
            bulk.numbers(result.evidence._value_ for result in results),
            bulk.texts(result.happening.provider_ref for result in results),
            bulk.texts(result.error for result in results),
            bulk.instants(result.due_at for result in results),
            bulk.numbers(result.again for result in results),
            token,
        ],
    )
    return {row[0] for row in rows}
