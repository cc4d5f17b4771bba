"""Planning: from a released notice to its deliveries and exclusions.

Each batch is one transaction: a page of candidates, their deliveries and exclusions by COPY, the
ledger's records. Every candidate leaves at least one row, so the last row says where to go on:
a run that died is continued exactly, and a rerun finds nothing left to do. The unique
constraint on (notice, investor, channel) stands behind that.

Values that a recipient cannot fill were looked for at the release, which refuses then; one that
went missing since is noticed when its message is rendered.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from audit.leaf import Subjects
from audit.record import draft, record, record_many
from comms import audience, bulk, doorbell, planning, rules
from comms.models import Notice
from comms.rules import NoticeState
from core.actor import system
from core.clock import isoformat, uuid7_hex
from core.errors import Conflict
from investors.rules.audience import Candidate

ACTOR = system("planner")
_DELIVERY = (
    "id", "notice_id", "investor_id", "contact_id", "channel", "rank", "language", "state",
    "evidence", "due_at", "held_reason", "attempts", "key_group", "provider", "provider_ref",
    "last_error", "created_at", "updated_at",
)  # fmt: skip
_EXCLUSION = ("id", "notice_id", "investor_id", "channel", "reason", "created_at")

_LAST = """
SELECT greatest(
    (SELECT investor_id FROM comms_delivery WHERE notice_id = %s
     ORDER BY investor_id DESC LIMIT 1),
    (SELECT investor_id FROM comms_exclusion WHERE notice_id = %s
     ORDER BY investor_id DESC LIMIT 1))
"""


class _Batch(NamedTuple):
    candidates: int
    deliveries: list[str]
    exclusions: list[tuple[UUID, str, str]]


def plan_notice(
    *, notice_id: UUID, now: dt.datetime, progress: Callable[[int], None] | None = None
) -> int:
    """Plan what is left of a notice; returns how many investors were planned in this run.

    Returns early when the notice is paused or cancelled meanwhile, or when another worker is at
    it. `progress` gets the running total.
    """
    total = 0
    _start(notice_id, now)
    while True:
        with transaction.atomic():
            planned = _plan_page(notice_id, now)
            if planned == 0:
                _finish(notice_id, now)
        if not planned:
            return total
        if total == 0:
            doorbell.send()
        total += planned
        if progress is not None:
            progress(total)


@transaction.atomic
def _start(notice_id: UUID, now: dt.datetime) -> None:
    notice = Notice.objects.select_for_update().get(pk=notice_id)
    if notice.state != NoticeState.RELEASED:
        return
    rules.NOTICES.check(old=notice.state, new=NoticeState.SENDING)
    notice.state = NoticeState.SENDING.value
    notice.save(update_fields=["state"])
    record(action="notice.started", actor=ACTOR, now=now, subjects=_subjects(notice))


def _plan_page(notice_id: UUID, now: dt.datetime) -> int | None:
    """Plan one page; None when it is not ours to plan, 0 when nobody is left."""
    if not bulk.try_lock(notice_id):
        return None
    held = bulk.fetch(
        "SELECT 1 FROM comms_notice WHERE id = %s AND state = %s AND planned_at IS NULL FOR SHARE",
        [notice_id, NoticeState.SENDING.value],
    )
    if not held:
        return None
    notice = Notice.objects.get(pk=notice_id)
    try:
        policy, _wordings = audience.prepare(notice)
    except Conflict as conflict:
        _pause(notice, str(conflict), now)
        return None
    after = bulk.fetch(_LAST, [notice_id, notice_id])[0][0]
    page = audience.page_after(notice, after)
    if not page:
        return 0
    batch = _rows(notice, planning.Planner(policy, now), page, now)
    bulk.copy_lines("comms_delivery", _DELIVERY, batch.deliveries)
    bulk.copy_lines("comms_exclusion", _EXCLUSION, _exclusion_lines(notice, batch, now))
    _record(notice, batch, now)
    return batch.candidates


def _pause(notice: Notice, reason: str, now: dt.datetime) -> None:
    """The wording was recalled between release and planning: stop, and say so."""
    rules.NOTICES.check(old=notice.state, new=NoticeState.PAUSED, reason=reason)
    notice.state = NoticeState.PAUSED.value
    notice.state_reason = reason
    notice.save(update_fields=["state", "state_reason"])
    record(
        action="notice.paused",
        actor=ACTOR,
        now=now,
        subjects=_subjects(notice),
        payload={"reason": "unapproved_content"},
    )


def _rows(
    notice: Notice, planner: planning.Planner, page: list[Candidate], now: dt.datetime
) -> _Batch:
    """The page's deliveries as lines for COPY, in the order of _DELIVERY, and its exclusions."""
    deliveries = []
    exclusions = []
    head, tail = notice.pk.hex, f"0\t0\t\t\t\t{isoformat(now)}\t{isoformat(now)}\n"
    due: dict[dt.datetime, str] = {}
    for candidate in page:
        investor = candidate.investor_id
        plan = planner.plan(candidate)
        for channel, rank, state, due_at, held, language in plan.deliveries:
            contact = planning.contact_of(candidate, channel)
            at = due.get(due_at) or due.setdefault(due_at, isoformat(due_at))
            deliveries.append(
                f"{uuid7_hex()}\t{head}\t{investor.hex}\t{contact.hex if contact else bulk.NULL}"
                f"\t{channel._value_}\t{rank}\t{language}\t{state._value_}\t0\t{at}\t{held}\t{tail}"
            )
        for excluded in plan.exclusions:
            exclusions.append((investor, excluded.channel, excluded.reason))
    return _Batch(len(page), deliveries, exclusions)


def _exclusion_lines(notice: Notice, batch: _Batch, now: dt.datetime) -> list[str]:
    head, at = notice.pk.hex, isoformat(now)
    return [
        f"{uuid7_hex()}\t{head}\t{investor.hex}\t{channel}\t{reason}\t{at}\n"
        for investor, channel, reason in batch.exclusions
    ]


def _record(notice: Notice, batch: _Batch, now: dt.datetime) -> None:
    """One record for the page's deliveries, by digest of their rows, and one per exclusion,
    because an investor who was left out may ask why."""
    record(
        action="notice.planned",
        actor=ACTOR,
        now=now,
        subjects=_subjects(notice),
        payload={
            "investors": batch.candidates,
            "deliveries": len(batch.deliveries),
            "exclusions": len(batch.exclusions),
            "digest": hashlib.sha256("".join(batch.deliveries).encode()).hexdigest(),
        },
    )
    record_many(
        draft(
            action="notice.excluded",
            actor=ACTOR,
            now=now,
            subjects=Subjects(notice=notice.pk, investor=investor, version=notice.version_id),
            payload={"channel": channel, "reason": reason},
        )
        for investor, channel, reason in batch.exclusions
    )


def _finish(notice_id: UUID, now: dt.datetime) -> None:
    notice = Notice.objects.select_for_update().get(pk=notice_id)
    notice.planned_at = now
    notice.counts = dict(_counts(notice_id))
    notice.save(update_fields=["planned_at", "counts"])
    record(
        action="notice.planning_finished",
        actor=ACTOR,
        now=now,
        subjects=_subjects(notice),
        payload=notice.counts,
    )


def _counts(notice_id: UUID) -> Iterator[tuple[str, Any]]:
    """Planned deliveries per channel, and exclusions per channel and reason."""
    planned = bulk.fetch(
        "SELECT channel, sum(delta)::int FROM comms_tally WHERE notice = %s GROUP BY channel "
        "ORDER BY channel",
        [notice_id],
    )
    excluded = bulk.fetch(
        "SELECT channel, reason, count(*) FROM comms_exclusion WHERE notice_id = %s "
        "GROUP BY channel, reason ORDER BY channel, reason",
        [notice_id],
    )
    yield "planned", sum(count for _channel, count in planned)
    yield "by_channel", dict(planned)
    yield "excluded", {f"{channel or 'all'}/{why}": count for channel, why, count in excluded}


def _subjects(notice: Notice) -> Subjects:
    return Subjects(notice=notice.pk, version=notice.version_id)
