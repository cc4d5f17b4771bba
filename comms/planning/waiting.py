"""When to try again, and when a fallback starts or is spared (D3). Pure."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from comms.planning.channels import ChannelPlan
from comms.rules import UNREACHED, DeliveryState, Evidence

MAX_ATTEMPTS = 6
_BACKOFF = (5, 20, 60, 300, 900)  # seconds before attempts 2, 3 …


def retry_at(attempts: int, now: dt.datetime) -> dt.datetime | None:
    """When to try again after `attempts` hand-overs that failed for now; None when enough."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + dt.timedelta(seconds=_BACKOFF[min(attempts, len(_BACKOFF)) - 1])


class Sibling(NamedTuple):
    """Another delivery of the same notice to the same investor, of a lower rank."""

    state: DeliveryState
    evidence: Evidence


def fallback_move(
    lower: list[Sibling], plan: ChannelPlan, handed_over_at: dt.datetime | None, now: dt.datetime
) -> DeliveryState | None:
    """What becomes of a standby delivery: QUEUED, NOT_NEEDED, or None to keep waiting (D3).

    It is spared when enough lower channels reached the level, or the investor acknowledged on
    any. It starts when so many lower ones can't reach the level any more that too few are left,
    or `wait_seconds` have passed since `handed_over_at`.
    """
    reached = sum(
        sibling.evidence >= plan.until and sibling.state not in UNREACHED for sibling in lower
    )
    if reached >= plan.needed or any(s.evidence >= Evidence.ACKNOWLEDGED for s in lower):
        return DeliveryState.NOT_NEEDED
    hopeful = sum(sibling.state not in UNREACHED for sibling in lower)
    if hopeful < plan.needed:
        return DeliveryState.QUEUED
    if handed_over_at is not None and now >= handed_over_at + dt.timedelta(
        seconds=plan.wait_seconds
    ):
        return DeliveryState.QUEUED
    return None
