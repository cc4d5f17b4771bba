"""The page as a whole: tasks of all areas, what is going out, whether the ledger is sound."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum
from django.db.models.functions import TruncHour

from audit.models import Checkpoint, Pending, SequencerState, Verification
from comms import rules
from comms.models import Notice, Tally
from core.actor import Actor
from core.roles import Capability as C
from investors.models import ImportBatch
from investors.selectors import imports_visible_to
from portal.dashboard import crises, handling, learning, notices, proving, risks, templates
from portal.dashboard.figures import Going, Ledger, Rates
from portal.dashboard.tasks import Task

WINDOW = dt.timedelta(hours=24)
ACTIVE = (rules.NoticeState.RELEASED, rules.NoticeState.SENDING, rules.NoticeState.PAUSED)


@dataclass(frozen=True)
class Overview:
    """Everything on the page; each part is read when the template asks for it."""

    actor: Actor
    now: dt.datetime
    zone: dt.tzinfo = dt.UTC

    @cached_property
    def sees_notices(self) -> bool:
        """Whether the parts about notices are shown at all."""
        return C.NOTICES_VIEW in self.actor.capabilities

    @cached_property
    def sees_imports(self) -> bool:
        """Whether the imports are shown."""
        return C.INVESTORS_IMPORT in self.actor.capabilities

    @cached_property
    def tasks(self) -> list[Task]:
        """What waits for the reader, by capability, longest waiting first."""
        found = [
            *crises.incidents_open(self.actor),
            *templates.reviews_waiting(self.actor, self.now),
            *templates.rereviews_waiting(self.actor),
            *handling.consent_texts_waiting(self.actor),
            *notices.releases_waiting(self.actor),
            *crises.statements_waiting(self.actor),
            *crises.drills_missing(self.actor, self.now),
            *templates.drafts_returned(self.actor),
            *notices.notices_paused(self.actor),
            *handling.imports_checked(self.actor),
            *proving.exports_waiting(self.actor),
            *proving.exports_ready(self.actor),
            *proving.access_review_missing(self.actor, self.now),
            *proving.shredding_waiting(self.actor),
            *risks.risks_waiting(self.actor, self.now),
            *risks.indicators_beyond(self.actor, self.now),
            *learning.handbook_unread(self.actor),
            *learning.actions_due(self.actor, self.now),
            *learning.proofs_ending(self.actor, self.now),
            *learning.pack_missing(self.actor, self.now),
        ]
        return sorted(found, key=lambda task: task.since or self.now)

    @cached_property
    def notices(self) -> list[Notice]:
        """Notices on their way, or let out within the window; most recent release first.
        Exercises are left out (C12)."""
        recent = Q(state__in=ACTIVE) | Q(released_at__gte=self.now - WINDOW)
        visible = Notice.objects.visible_to(self.actor).real().filter(recent)
        return list(visible.order_by(F("released_at").desc(nulls_last=True))[:200])

    @cached_property
    def tallies(self) -> list[dict[str, Any]]:
        """Moves of those notices' deliveries by notice, channel, state, evidence and hour: one
        pass for all figures of the page; their sums are what stands now."""
        rows = Tally.objects.filter(notice__in=[notice.pk for notice in self.notices])
        hour = TruncHour("at", tzinfo=self.zone)
        moves = rows.values("notice", "channel", "state", "evidence", hour=hour)
        return [dict(row) for row in moves.annotate(n=Sum("delta")).order_by()]

    @cached_property
    def going(self) -> list[Going]:
        """Notices on their way, with their counts."""
        by_notice: dict[UUID, Going] = {
            notice.pk: Going(notice) for notice in self.notices if notice.state in ACTIVE
        }
        for row in self.tallies:
            if (going := by_notice.get(row["notice"])) is not None:
                going.by_state[row["state"]] += row["n"]
                if row["evidence"] >= rules.Evidence.ACKNOWLEDGED:
                    going.acknowledged += row["n"]
        return list(by_notice.values())

    @cached_property
    def rates(self) -> list[Rates]:
        """Per channel, for notices let out within the window."""
        recent = {
            notice.pk
            for notice in self.notices
            if notice.released_at and notice.released_at >= self.now - WINDOW
        }
        channels: dict[str, Rates] = {}
        for row in self.tallies:
            if row["notice"] in recent:
                rates = channels.setdefault(row["channel"], Rates(row["channel"]))
                rates.by_state[row["state"]] += row["n"]
                rates.read += row["n"] if row["evidence"] >= rules.Evidence.OPENED else 0
                acknowledged = row["evidence"] >= rules.Evidence.ACKNOWLEDGED
                rates.acknowledged += row["n"] if acknowledged else 0
        return sorted(channels.values(), key=lambda rates: rates.channel)

    @cached_property
    def overall(self) -> Rates:
        """All channels together."""
        whole = Rates("")
        for rates in self.rates:
            whole.by_state += rates.by_state
            whole.read += rates.read
            whole.acknowledged += rates.acknowledged
        return whole

    @cached_property
    def ledger(self) -> Ledger:
        """The log's size, newest checkpoint and last verification."""
        state = SequencerState.objects.first()
        return Ledger(
            size=state.size if state else 0,
            pending=Pending.objects.count(),
            checkpoint=Checkpoint.objects.first(),
            verification=Verification.objects.first(),
        )

    @cached_property
    def imports(self) -> list[ImportBatch]:
        """The last imports of the actor's lines."""
        return list(imports_visible_to(self.actor)[:4])

    @cached_property
    def hours(self) -> list[dt.datetime]:
        """The 24 hours of the window by their beginnings, in the reader's zone."""
        last = self.now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
        return [last - dt.timedelta(hours=23 - n) for n in range(24)]

    def hourly(self) -> dict[str, list[int]]:
        """How many deliveries came to be delivered, accepted and failed in each hour."""
        counts: Counter[tuple[str, dt.datetime]] = Counter()
        for row in self.tallies:
            counts[row["state"], row["hour"]] += row["n"]
        return {
            state: [max(0, counts[state, hour]) for hour in self.hours]
            for state in ("delivered", "accepted", "failed")
        }
