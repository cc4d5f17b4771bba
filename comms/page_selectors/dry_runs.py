"""The summary of a dry run as rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from comms.planning import reason_label
from comms.rules import Channel


@dataclass(frozen=True, slots=True)
class ChannelSplit:
    """One channel of a dry run."""

    channel: str
    queued: int
    held: int
    standby: int
    excluded: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """Investors left out on one channel (all when empty) for one reason."""

    channel: str
    reason: str
    count: int
    chosen: bool = False

    @property
    def label(self) -> str:
        """The reason in words."""
        return str(reason_label(self.reason))


@dataclass(frozen=True, slots=True)
class DryRun:
    """A dry run's summary as pages show it; the counts of `audience.AudiencePreview`."""

    candidates: int
    nobody: int
    single: int
    cost: Decimal
    channels: list[ChannelSplit]
    exclusions: list[Excluded]

    @property
    def reached(self) -> int:
        """Investors with at least one delivery."""
        return self.candidates - self.nobody


def read_dry_run(summary: Mapping[str, Any], channels: Iterable[Channel]) -> DryRun:
    """The summary kept with a notice, or that of a preview, for the channels of its plan."""
    exclusions = read_exclusions(summary.get("excluded", {}))
    split = []
    for channel in channels:
        counts = summary.get("by_channel", {}).get(channel.value, {})
        left_out = sum(row.count for row in exclusions if row.channel in (channel.value, ""))
        split.append(
            ChannelSplit(
                channel.value,
                counts.get("queued", 0),
                counts.get("held", 0),
                counts.get("standby", 0),
                left_out,
            )
        )
    return DryRun(
        candidates=summary.get("candidates", 0),
        nobody=summary.get("nobody", 0),
        single=summary.get("unreachable", 0),
        cost=Decimal(summary.get("cost_fen", 0)) / 100,
        channels=split,
        exclusions=exclusions,
    )


def read_exclusions(
    counts: Mapping[str, int], *, channel: str = "", reason: str = ""
) -> list[Excluded]:
    """Counts by "channel/reason" as rows, the largest first; marks the one that is chosen."""
    rows = []
    for key, count in counts.items():
        name, _slash, why = key.partition("/")
        name = "" if name == "all" else name
        rows.append(Excluded(name, why, count, (name, why) == (channel, reason)))
    return sorted(rows, key=lambda row: (-row.count, row.reason, row.channel))
