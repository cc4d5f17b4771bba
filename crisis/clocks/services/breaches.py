"""Deadlines that passed (C5).

A breach is a fact of the clock, not of the watcher: it is recorded with `occurred_at` = the due
instant, however late the watcher comes, and only once. 1. Take the running clocks whose due
instant has passed and that nobody else is busy with. 2. Mark them, write their timeline lines and
their records, and begin the next round of those that repeat. 3. Again, until nothing is left:
a round that began may be over already, when everything stood still for days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from audit.record import record_many
from core.actor import system
from crisis.clocks import rules
from crisis.clocks.models import Clock
from crisis.clocks.rules import State
from crisis.clocks.services.common import draft_of, entry_for
from crisis.incidents import timeline
from crisis.incidents.models import Entry

WATCHER = system("clocks")
BATCH = 2000


def tick(*, now: dt.datetime) -> int:
    """Record every breach up to `now`; returns how many. Safe to run twice, at once, and after a
    stop of any length. Nobody needs to be signed in: the product itself watches."""
    total = 0
    while done := _one_batch(now):
        total += done
    return total


@transaction.atomic
def _one_batch(now: dt.datetime) -> int:
    return _breach(_due(now).select_for_update(of=("self",), skip_locked=True), now)


def settle(incident_id: UUID, *, now: dt.datetime) -> None:
    """Record the breaches of one incident up to `now`, before something about its clocks changes.
    The caller is in a transaction."""
    while _breach(_due(now).filter(incident=incident_id).select_for_update(of=("self",)), now):
        pass


def _due(now: dt.datetime) -> QuerySet[Clock]:
    return (
        Clock.objects.filter(state=State.RUNNING, breached_at=None, due_at__lte=now)
        .select_related("incident")
        .order_by("due_at", "id")
    )


def _breach(due: QuerySet[Clock], now: dt.datetime) -> int:
    late = list(due[:BATCH])
    if not late:
        return 0
    Clock.objects.filter(pk__in=[clock.pk for clock in late]).update(breached_at=F("due_at"))
    lines, records = [], []
    for clock in late:
        line = entry_for("breached", clock, actor=WATCHER, now=now, at=clock.due_at)
        lines.append(line)
        records.append(
            draft_of(
                "breached", clock, actor=WATCHER, now=now, at=clock.due_at,
                payload={**line.detail, "proof": timeline.entry_proof(line)},
            )
        )  # fmt: skip
    Entry.objects.bulk_create(lines)
    record_many(records)
    begin_next_rounds(late, now=now)
    return len(late)


def begin_next_rounds(clocks: Sequence[Clock], *, now: dt.datetime) -> None:
    """Start the round after each of `clocks` that repeats, unless it has started."""
    following = [next_round(clock, now) for clock in clocks if clock.row["repeats"]]
    Clock.objects.bulk_create(following, ignore_conflicts=True)


def next_round(clock: Clock, now: dt.datetime) -> Clock:
    """The round that begins when that of `clock` is due. It is told of with the round before
    (met, or breached): a repetition is no decision of its own."""
    return Clock(
        incident=clock.incident,
        version_id=clock.version_id,
        code=clock.code,
        jurisdiction=clock.jurisdiction,
        row=clock.row,
        round=clock.round + 1,
        started_at=clock.due_at,
        first_due_at=clock.first_due_at,
        due_at=rules.round_due(clock.duty, clock.first_due_at, clock.round + 1),
        recorded_at=now,
    )
