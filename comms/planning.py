"""Who gets a notice, on which channels, when, and who does not and why. Pure.

`plan` is total: for every recipient and every channel of the plan it returns a delivery or an
exclusion with its reason (an exclusion with an empty channel stands for all channels).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from comms.rules import UNREACHED, Channel, Criticality, DeliveryState, Evidence
from core.errors import InvalidInput
from investors.rules.audience import Candidate

DISTURBING = frozenset({Channel.SMS, Channel.EMAIL})
FALLBACK_LANGUAGES = ("zh-hans", "en", "zh-hant")


class Reason(StrEnum):
    """Why an investor is left out, or a delivery is refused at the instant of sending."""

    CLOSED = "closed"
    NO_CONSENT = "no_consent"
    NO_CONTACT = "no_contact"
    SUPPRESSED = "suppressed"
    UNWANTED = "unwanted"
    NO_VARIANT = "no_variant"
    MISSING_VALUE = "missing_value"
    NOT_APPROVED = "not_approved"
    ERASED = "erased"


REASON_LABELS = {
    Reason.CLOSED: _("The account is closed"),
    Reason.NO_CONSENT: _("No consent to this channel"),
    Reason.NO_CONTACT: _("No address for this channel"),
    Reason.SUPPRESSED: _("The address bounced or complained"),
    Reason.UNWANTED: _("The investor does not want this topic on this channel"),
    Reason.NO_VARIANT: _("No wording for this channel"),
    Reason.MISSING_VALUE: _("A value for the text is missing"),
    Reason.NOT_APPROVED: _("The wording is not approved any more"),
    Reason.ERASED: _("The investor's data were erased"),
}
QUIET_HOURS = "quiet_hours"


def missing_value(name: str) -> str:
    """The reason code for a placeholder that this recipient cannot fill."""
    return f"{Reason.MISSING_VALUE.value}:{name}"


def reason_label(code: str) -> Any:
    """The words for a reason code; a missing value names its placeholder."""
    head, _colon, name = code.partition(":")
    label = REASON_LABELS[Reason(head)]
    return f"{label}: {name}" if name else label


# The channel plan ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What a criticality class demands (D2, D3). `min_parallel` counts channels beside the
    backup; `needed` is how many channels must reach `until` before fallbacks are spared."""

    min_parallel: int
    backup: Channel | None
    overrides_quiet_hours: bool
    wait_seconds: int
    until: Evidence
    needed: int


CLASSES: Mapping[Criticality, ClassRules] = {
    Criticality.CRITICAL: ClassRules(2, Channel.EMAIL, True, 300, Evidence.DELIVERED, 2),
    Criticality.IMPORTANT: ClassRules(1, None, False, 3600, Evidence.DELIVERED, 1),
    Criticality.ROUTINE: ClassRules(1, None, False, 86400, Evidence.DELIVERED, 1),
}


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """Channels used at once, then one after another: the next when `wait_seconds` after the
    hand-over fewer than `needed` channels have reached `until`, or can't any more."""

    parallel: tuple[Channel, ...]
    fallback: tuple[Channel, ...] = ()
    wait_seconds: int = 3600
    until: Evidence = Evidence.DELIVERED
    needed: int = 1

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels, in order of rank."""
        return self.parallel + self.fallback

    def as_json(self) -> dict[str, Any]:
        """The form kept on the notice."""
        return {
            "parallel": [channel.value for channel in self.parallel],
            "fallback": [channel.value for channel in self.fallback],
            "wait_seconds": self.wait_seconds,
            "until": self.until.name.lower(),
            "needed": self.needed,
        }


def read_channel_plan(raw: Mapping[str, Any], criticality: Criticality) -> ChannelPlan:
    """The plan from JSON; what it leaves out comes from the class.

    Raises InvalidInput naming the field for unknown or repeated channels, no channel at all,
    and waits that are not between 0 s and 7 days.
    """
    house = CLASSES[criticality]
    parallel, fallback = _channels(raw, "parallel"), _channels(raw, "fallback")
    chosen = parallel + fallback
    if not parallel:
        raise InvalidInput(_("Choose at least one channel."), field="channels.parallel")
    if len(set(chosen)) != len(chosen):
        raise InvalidInput(_("A channel is named twice."), field="channels")
    wait = raw.get("wait_seconds", house.wait_seconds)
    if type(wait) is not int or not 0 <= wait <= 7 * 86400:
        raise InvalidInput(
            _("The wait must be a number of seconds, at most 7 days."),
            field="channels.wait_seconds",
        )
    try:
        until = Evidence[str(raw.get("until", house.until.name)).upper()]
    except KeyError:
        raise InvalidInput(_("No such grade of evidence."), field="channels.until") from None
    needed = raw.get("needed", min(house.needed, len(parallel)))
    if type(needed) is not int or not 1 <= needed <= len(chosen):
        raise InvalidInput(_("More channels are needed than chosen."), field="channels.needed")
    return ChannelPlan(parallel, fallback, wait, until, needed)


def _channels(raw: Mapping[str, Any], key: str) -> tuple[Channel, ...]:
    try:
        return tuple(Channel(name) for name in raw.get(key, ()))
    except (ValueError, TypeError):
        raise InvalidInput(
            _("Unknown channel in “%(list)s”.") % {"list": key}, field=f"channels.{key}"
        ) from None


def check_class(plan: ChannelPlan, criticality: Criticality) -> None:
    """Raise InvalidInput when the plan has fewer channels than the class demands (D2)."""
    house = CLASSES[criticality]
    beside_backup = [channel for channel in plan.parallel if channel != house.backup]
    if len(beside_backup) < house.min_parallel or (
        house.backup is not None and house.backup not in plan.channels
    ):
        raise InvalidInput(
            _(
                "A critical notice needs at least two parallel channels, and e-mail besides as "
                "the backup."
            ),
            code="too_few_channels",
            field="channels",
            details={
                "parallel": [channel.value for channel in plan.parallel],
                "needed": house.min_parallel,
                "backup": house.backup.value if house.backup else None,
            },
        )


# Planning one recipient ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """What planning must know about the notice. `wordings` maps each channel to the languages
    it is written in and the placeholders that each of them needs from the recipient."""

    plan: ChannelPlan
    criticality: Criticality
    wordings: Mapping[Channel, Mapping[str, frozenset[str]]]


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
    against = refusal(standing_on(candidate, channel))
    if against:
        return against.value
    if missing:
        for name in sorted(policy.wordings[channel][language] & missing):
            return missing_value(name)
    return None


class Standing(Protocol):
    """What decides whether an investor may be written to on one channel. `contact_state` is ""
    without an address, "none" on a channel that needs none."""

    @property
    def active(self) -> bool: ...
    @property
    def contact_state(self) -> str: ...
    @property
    def consent(self) -> bool: ...
    @property
    def wanted(self) -> bool: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def quiet_from(self) -> dt.time | None: ...
    @property
    def quiet_to(self) -> dt.time | None: ...


class ChannelStanding(NamedTuple):
    """A candidate's standing on one channel."""

    active: bool
    contact_state: str
    consent: bool
    wanted: bool
    time_zone: str
    quiet_from: dt.time | None
    quiet_to: dt.time | None


def standing_on(candidate: Candidate, channel: Channel) -> ChannelStanding:
    """What the candidate's row says of one channel."""
    if channel is Channel.SMS:
        of = candidate.phone_state, candidate.sms_consent, candidate.sms_wanted
    elif channel is Channel.EMAIL:
        of = candidate.email_state, candidate.email_consent, candidate.email_wanted
    else:
        of = "none", candidate.inbox_consent, candidate.inbox_wanted
    return ChannelStanding(
        candidate.active, *of, candidate.time_zone, candidate.quiet_from, candidate.quiet_to
    )


def refusal(standing: Standing) -> Reason | None:
    """The one rule on whether an investor may be written to on a channel: used when planning
    and again at the instant of sending (I5). A mandatory topic is always wanted (I2)."""
    if not standing.active:
        return Reason.CLOSED
    if not standing.contact_state:
        return Reason.NO_CONTACT
    if standing.contact_state == "suppressed":
        return Reason.SUPPRESSED
    if not standing.consent:
        return Reason.NO_CONSENT
    return None if standing.wanted else Reason.UNWANTED


def contact_of(candidate: Candidate, channel: Channel) -> UUID | None:
    """The contact point that a channel would use; None for channels without addresses."""
    if channel is Channel.SMS:
        return candidate.phone_id
    if channel is Channel.EMAIL:
        return candidate.email_id
    return None


# Quiet hours --------------------------------------------------------------------------------


def quiet_until(
    investor: Candidate | Standing, criticality: Criticality, now: dt.datetime
) -> dt.datetime | None:
    """When the investor's quiet hours end, in UTC, or None when it is not quiet (D8).

    Critical notices override quiet hours.
    """
    if investor.quiet_from is None or investor.quiet_to is None:
        return None
    if CLASSES[criticality].overrides_quiet_hours:
        return None
    return end_of_quiet(investor.quiet_from, investor.quiet_to, investor.time_zone, now)


def end_of_quiet(
    start: dt.time, end: dt.time, time_zone: str, now: dt.datetime
) -> dt.datetime | None:
    """The end of the quiet hours that `now` falls in, in UTC, or None.

    The interval contains its start and not its end, may cross midnight, and is empty when both
    are equal. An end that the clocks skip is the instant after the gap.
    """
    local = now.astimezone(_zone(time_zone))
    time = local.time()
    date = local.date()
    if start < end:
        if not start <= time < end:
            return None
    elif start > end:
        if end <= time < start:
            return None
        if time >= start:
            date += dt.timedelta(days=1)
    else:
        return None
    until = dt.datetime.combine(date, end, local.tzinfo).astimezone(dt.UTC)
    return until if until > now else None


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# The instant of sending ---------------------------------------------------------------------


class Hold(NamedTuple):
    """Not now: quiet hours have begun since planning."""

    until: dt.datetime


def may_send_now(
    standing: Standing, criticality: Criticality, channel: Channel, now: dt.datetime
) -> Reason | Hold | None:
    """The check in the transaction that claims a delivery: None when it may go out (I5).

    `standing` is that of this instant, on `channel`.
    """
    against = refusal(standing)
    if against:
        return against
    if channel in DISTURBING and (until := quiet_until(standing, criticality, now)):
        return Hold(until)
    return None


# Retries and fallback -----------------------------------------------------------------------

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
