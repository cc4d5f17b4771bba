"""Whether an investor may be written to on a channel, now: consent, address, wish, quiet hours.
Used when planning and again at the instant of sending (I5). Pure."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from comms.planning.channels import CLASSES
from comms.planning.reasons import Reason
from comms.rules import Channel, Criticality
from investors.rules.audience import Candidate

DISTURBING = frozenset({Channel.SMS, Channel.EMAIL})


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
