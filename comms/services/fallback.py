"""Deliveries that wait: fallbacks for their turn, held ones for the end of quiet hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString, NamedTuple
from uuid import UUID

from django.db import transaction

from comms import bulk, frozen, journal, planning
from comms.frozen import Released
from comms.journal import Happening
from comms.models import Notice
from comms.planning import ChannelPlan, Sibling
from comms.rules import DeliveryState, EventKind, Evidence
from core.actor import system

BATCH = 1000
ACTOR = system("fallback")
_LOOK_AGAIN = dt.timedelta(seconds=60)

_LOWER = """
SELECT s.id, s.investor_id, s.channel, array_agg(l.state::text), array_agg(l.evidence),
    max(l.handed_at)
FROM comms_delivery s JOIN comms_delivery l
    ON l.notice_id = s.notice_id AND l.investor_id = s.investor_id AND l.rank < s.rank
WHERE s.id = ANY(%s) GROUP BY s.id
"""


class _Standby(NamedTuple):
    id: UUID
    investor: UUID
    channel: str
    states: list[str]
    evidences: list[int]
    handed_at: dt.datetime | None


def advance(*, now: dt.datetime, limit: int = BATCH) -> int:
    """Decide on fallbacks whose waiting time is over; returns how many started or were spared.
    Runs until none is due, one short transaction per batch."""
    moved = 0
    for notice in Notice.objects.going_out():
        facts = frozen.released(notice.pk)
        while facts.plan.fallback:
            with transaction.atomic():
                due = _lock_due(facts.id, facts.plan, now, limit)
                moved += _decide(facts, facts.plan, due, now)
            if len(due) < limit:
                break
    return moved


def reconsider(*, notice_id: UUID, investor_ids: Sequence[UUID], now: dt.datetime) -> int:
    """Decide on the fallbacks of these investors at once, because something happened to another
    delivery of theirs. Runs in the caller's transaction; returns how many moved."""
    notice = frozen.released(notice_id)
    plan = notice.plan
    if not plan.fallback:
        return 0
    standby = _lock(
        "SELECT id FROM comms_delivery WHERE notice_id = %s AND investor_id = ANY(%s) "
        "AND state = 'standby' ORDER BY id FOR UPDATE",
        [notice_id, list(investor_ids)],
    )
    return _decide(notice, plan, standby, now)


def release_held(*, now: dt.datetime, limit: int = BATCH) -> int:
    """Queue the deliveries whose quiet hours are over; returns how many."""
    released = 0
    for notice in Notice.objects.going_out():
        facts = frozen.released(notice.pk)
        while True:
            with transaction.atomic():
                rows = bulk.fetch(
                    """
                    UPDATE comms_delivery SET state = 'queued', held_reason = '', updated_at = %s
                    WHERE id IN (SELECT id FROM comms_delivery WHERE notice_id = %s
                        AND state = 'held' AND due_at <= %s ORDER BY id LIMIT %s
                        FOR UPDATE SKIP LOCKED)
                    RETURNING id, investor_id, channel
                    """,
                    [now, notice.pk, now, limit],
                )
                journal.write(
                    [
                        _happening(facts, delivery, investor, channel, EventKind.RELEASED, now)
                        for delivery, investor, channel in rows
                    ],
                    actor=ACTOR,
                    now=now,
                )
            released += len(rows)
            if len(rows) < limit:
                break
    return released


def _lock(query: LiteralString, params: Sequence[object]) -> list[UUID]:
    """Ids of standby rows, locked in order: whoever comes second sees what the first decided."""
    return [row[0] for row in bulk.fetch(query, params)]


def _lock_due(notice_id: UUID, plan: ChannelPlan, now: dt.datetime, limit: int) -> list[UUID]:
    return _lock(
        "SELECT id FROM comms_delivery WHERE notice_id = %s AND state = 'standby' "
        "AND channel = ANY(%s) AND due_at <= %s ORDER BY id LIMIT %s FOR UPDATE",
        [notice_id, [channel.value for channel in plan.fallback], now, limit],
    )


def _decide(notice: Released, plan: ChannelPlan, standby: list[UUID], now: dt.datetime) -> int:
    """Apply `planning.fallback_move` to locked standby rows."""
    if not standby:
        return 0
    moves: dict[DeliveryState, list[_Standby]] = {}
    waiting: list[UUID] = []
    for row in map(_Standby._make, bulk.fetch(_LOWER, [standby])):
        lower = [
            Sibling(DeliveryState(state), Evidence(evidence))
            for state, evidence in zip(row.states, row.evidences, strict=True)
        ]
        move = planning.fallback_move(lower, plan, row.handed_at, now)
        if move is None:
            waiting.append(row.id)
        else:
            moves.setdefault(move, []).append(row)
    _wait(waiting, plan, now)
    for state, rows in moves.items():
        _move(notice, rows, state, now)
    return sum(map(len, moves.values()))


def _wait(ids: list[UUID], plan: ChannelPlan, now: dt.datetime) -> None:
    """Those that were due look again later: when the wait after the last hand-over is over, or
    soon if nothing was handed over yet."""
    if not ids:
        return
    bulk.execute(
        """
        UPDATE comms_delivery s SET due_at = coalesce(
            (SELECT max(l.handed_at) FROM comms_delivery l WHERE l.notice_id = s.notice_id
             AND l.investor_id = s.investor_id AND l.rank < s.rank) + %s, %s)
        WHERE id = ANY(%s) AND due_at <= %s
        """,
        [dt.timedelta(seconds=plan.wait_seconds), now + _LOOK_AGAIN, ids, now],
    )


def _move(notice: Released, rows: list[_Standby], state: DeliveryState, now: dt.datetime) -> None:
    kind = EventKind.ACTIVATED if state == DeliveryState.QUEUED else EventKind.NOT_NEEDED
    bulk.execute(
        "UPDATE comms_delivery SET state = %s, due_at = %s, updated_at = %s WHERE id = ANY(%s)",
        [state.value, now, now, [row.id for row in rows]],
    )
    journal.write(
        [_happening(notice, row.id, row.investor, row.channel, kind, now) for row in rows],
        actor=ACTOR,
        now=now,
    )


def _happening(
    notice: Released,
    delivery: UUID,
    investor: UUID,
    channel: str,
    kind: EventKind,
    now: dt.datetime,
) -> Happening:
    return Happening(
        delivery=delivery,
        notice=notice.id,
        investor=investor,
        channel=channel,
        kind=kind,
        at=now,
        version=notice.version,
    )
