"""Who gets a notice, on which channels, when, and who does not and why. Pure.

`plan` is total: for every recipient and every channel of the plan it returns a delivery or an
exclusion with its reason (an exclusion with an empty channel stands for all channels).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from comms.planning.channels import ChannelPlan
from comms.planning.reasons import QUIET_HOURS, Reason, missing_value
from comms.planning.standing import DISTURBING, quiet_until, refusal, standing_on
from comms.rules import Channel, Criticality, DeliveryState
from investors.rules.audience import Candidate

FALLBACK_LANGUAGES = ("zh-hans", "en", "zh-hant")


@dataclass(frozen=True, slots=True)
class Policy:
    """What planning must know about the notice. `wordings` maps each channel to the languages
    it is written in and the placeholders that each of them needs from the recipient. `stopped`
    are wordings that a carrier does not let through; nobody gets another language instead."""

    plan: ChannelPlan
    criticality: Criticality
    wordings: Mapping[Channel, Mapping[str, frozenset[str]]]
    stopped: frozenset[tuple[Channel, str]] = frozenset()


class Planned(NamedTuple):
    """One delivery to be made. `held` is the reason for waiting until `due_at`, or empty."""

    channel: Channel
    rank: int
    state: DeliveryState
    due_at: dt.datetime
    held: str
    language: str


class Excluded(NamedTuple):
    """One channel that will not be used, and why; an empty channel means all."""

    channel: str
    reason: str


class Plan(NamedTuple):
    """The outcome for one recipient."""

    deliveries: list[Planned]
    exclusions: list[Excluded]


def plan(
    candidate: Candidate, policy: Policy, now: dt.datetime, missing: frozenset[str] = frozenset()
) -> Plan:
    """Deliveries and exclusions of one recipient; `missing` names the placeholders that have no
    value for this one.

    Fallbacks stand by until `due_at`, except that they take the place of excluded parallel
    channels as long as fewer than `needed` go out at once. Fallbacks follow the investor's
    preference (I1).
    """
    if not candidate.active:
        return Plan([], [Excluded("", Reason.CLOSED.value)])
    deliveries: list[Planned] = []
    exclusions: list[Excluded] = []
    quiet = quiet_until(candidate, policy.criticality, now)
    later = now + dt.timedelta(seconds=policy.plan.wait_seconds)
    at_once = rank = 0
    for parallel, channel in _ordered(policy.plan, candidate.preferred_channels):
        language = _language(policy.wordings.get(channel, {}), candidate.language)
        reason = _reason_against(candidate, policy, channel, language, missing)
        if reason:
            exclusions.append(Excluded(channel.value, reason))
            continue
        if not parallel and at_once >= policy.plan.needed:
            rank += 1
            planned = Planned(channel, rank, DeliveryState.STANDBY, later, "", language)
        elif quiet is not None and channel in DISTURBING:
            at_once += 1
            planned = Planned(channel, 0, DeliveryState.HELD, quiet, QUIET_HOURS, language)
        else:
            at_once += 1
            planned = Planned(channel, 0, DeliveryState.QUEUED, now, "", language)
        deliveries.append(planned)
    return Plan(deliveries, exclusions)


class Planner:
    """`plan` for many: investors who differ only in who they are share one outcome."""

    def __init__(self, policy: Policy, now: dt.datetime) -> None:
        self._policy = policy
        self._now = now
        self._seen: dict[tuple[object, ...], Plan] = {}

    def plan(self, candidate: Candidate, missing: frozenset[str] = frozenset()) -> Plan:
        """The same as `planning.plan`."""
        shape = (*candidate[1:7], candidate.phone_state, *candidate[10:], missing)
        found = self._seen.get(shape)
        if found is None:
            found = self._seen[shape] = plan(candidate, self._policy, self._now, missing)
        return found


def _ordered(plan: ChannelPlan, preferred: tuple[str, ...]) -> list[tuple[bool, Channel]]:
    """Parallel channels, then fallbacks by preference; whether each is parallel."""
    fallback = plan.fallback
    if len(fallback) > 1 and preferred:
        place = {name: n for n, name in enumerate(preferred)}
        fallback = tuple(sorted(fallback, key=lambda c: place.get(c.value, len(place))))
    return [(True, channel) for channel in plan.parallel] + [(False, c) for c in fallback]


def _language(wordings: Mapping[str, frozenset[str]], wanted: str) -> str:
    if wanted in wordings:
        return wanted
    return next((language for language in FALLBACK_LANGUAGES if language in wordings), "")


def _reason_against(
    candidate: Candidate, policy: Policy, channel: Channel, language: str, missing: frozenset[str]
) -> str | None:
    if not language:
        return Reason.NO_VARIANT.value
    if (channel, language) in policy.stopped:
        return Reason.CARRIER_STOPPED.value
    against = refusal(standing_on(candidate, channel))
    if against:
        return against.value
    if missing:
        for name in sorted(policy.wordings[channel][language] & missing):
            return missing_value(name)
    return None
