"""How notices stand, from their tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Sum

from comms.models import Notice, Tally
from comms.rules import (
    CHANNEL_LABELS,
    EVIDENCE_LABELS,
    HANDED_OVER,
    OPEN,
    UNREACHED,
    Channel,
    DeliveryState,
    Evidence,
    NoticeState,
)

LADDER = (
    Evidence.ACCEPTED,
    Evidence.DELIVERED,
    Evidence.OPENED,
    Evidence.VIEWED,
    Evidence.ACKNOWLEDGED,
)
_SPARE = frozenset({DeliveryState.STANDBY, DeliveryState.NOT_NEEDED})
_LIVE = (NoticeState.RELEASED, NoticeState.SENDING, NoticeState.PAUSED)


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """One channel of a notice: how many deliveries stand where."""

    channel: str
    label: Any
    by_state: Mapping[str, int]

    def _sum(self, states: Iterable[DeliveryState]) -> int:
        return sum(self.by_state.get(state.value, 0) for state in states)

    @property
    def total(self) -> int:
        """All that are needed on this channel: fallbacks that wait or were spared do not count."""
        return sum(self.by_state.values()) - self._sum(_SPARE)

    @property
    def settled(self) -> int:
        """Those that need no more work from us."""
        return self._sum(HANDED_OVER | UNREACHED)

    @property
    def handed_over(self) -> int:
        """Those that the provider has."""
        return self._sum(HANDED_OVER)

    @property
    def trouble(self) -> int:
        """Those that did not get through."""
        return self._sum(UNREACHED - {DeliveryState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Rung:
    """One grade of evidence: how many deliveries reached it or more."""

    level: str
    label: Any
    count: int
    total: int

    @property
    def width(self) -> str:
        """The share as SVG user units of 100."""
        return f"{100 * self.count / self.total:.2f}" if self.total else "0"


@dataclass(frozen=True, slots=True)
class Figures:
    """How a notice stands, from its tallies. `opened_by_machine` is below reading (D12)."""

    by_state: Mapping[str, int]
    channels: Sequence[ChannelFigures]
    ladder: Sequence[Rung]
    opened_by_machine: int

    def _sum(self, states: Iterable[DeliveryState]) -> int:
        return sum(self.by_state.get(state.value, 0) for state in states)

    @property
    def total(self) -> int:
        """All that are needed: fallbacks that wait or were spared do not count."""
        return sum(self.by_state.values()) - self._sum(_SPARE)

    @property
    def handed_over(self) -> int:
        """Those that a provider has."""
        return self._sum(HANDED_OVER)

    @property
    def delivered(self) -> int:
        """Those that arrived."""
        return self._sum({DeliveryState.DELIVERED})

    @property
    def waiting(self) -> int:
        """Those that are still to go out, standbys aside."""
        return self._sum(OPEN - {DeliveryState.STANDBY})

    @property
    def trouble(self) -> int:
        """Those that did not get through."""
        return self._sum(UNREACHED - {DeliveryState.CANCELLED})


def figures(notice_id: UUID) -> Figures:
    """All figures of a notice with one query over its tallies."""
    rows = (
        Tally.objects.filter(notice=notice_id)
        .values_list("channel", "state", "evidence")
        .annotate(n=Sum("delta"))
    )
    by_state: Counter[str] = Counter()
    by_channel: dict[str, Counter[str]] = {}
    by_evidence: Counter[int] = Counter()
    for channel, state, evidence, n in rows:
        by_state[state] += n
        by_channel.setdefault(channel, Counter())[state] += n
        by_evidence[evidence] += n
    handed = sum(n for level, n in by_evidence.items() if level >= Evidence.ACCEPTED)
    return Figures(
        by_state=+by_state,
        channels=[
            ChannelFigures(channel.value, CHANNEL_LABELS[channel], +by_channel[channel.value])
            for channel in Channel
            if channel.value in by_channel
        ],
        ladder=[
            Rung(
                level.name.lower(),
                EVIDENCE_LABELS[level],
                sum(n for reached, n in by_evidence.items() if reached >= level),
                handed,
            )
            for level in LADDER
        ],
        opened_by_machine=by_evidence[Evidence.MACHINE_OPENED],
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """A notice's line in the list: how many deliveries, and how many handed over (None once it
    does not go out any more: its own page counts)."""

    total: int
    handed_over: int | None = None


def briefs(notices: Sequence[Notice]) -> dict[UUID, Brief]:
    """The figures of a page of the list: one query over the tallies of those that go out now;
    notices that are done carry what was planned."""
    live = [notice.pk for notice in notices if notice.state in _LIVE]
    sums: dict[UUID, Counter[str]] = {notice_id: Counter() for notice_id in live}
    rows = Tally.objects.filter(notice__in=live).values_list("notice", "state")
    for notice_id, state, n in rows.annotate(n=Sum("delta")):
        sums[notice_id][state] += n
    found = {
        notice.pk: Brief(int(notice.counts["planned"]))
        for notice in notices
        if "planned" in notice.counts
    }
    for notice_id, counts in sums.items():
        found[notice_id] = Brief(
            total=counts.total() - sum(counts[state.value] for state in _SPARE),
            handed_over=sum(counts[state.value] for state in HANDED_OVER),
        )
    return found
