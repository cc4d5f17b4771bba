"""Reads of the clock table and of running clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.clock import now as wall_now
from core.errors import NotFound
from core.reviewed.rules import State as VersionState
from core.roles import Capability
from crisis.clocks import rules
from crisis.clocks.describing import span_label
from crisis.clocks.models import Clock, ClockTableVersion
from crisis.clocks.rules import MET, Row, State, Urgency
from crisis.incidents.models import Incident, Moment

IN_STRIP = 3


def table_in_force() -> ClockTableVersion:
    """The version of the table by which clocks start now."""
    return ClockTableVersion.objects.get(state=VersionState.APPROVED)


def versions(actor: Actor) -> list[ClockTableVersion]:
    """All versions of the table, newest first."""
    require(actor, Capability.CRISIS_VIEW)
    return list(ClockTableVersion.objects.select_related("edited_by", "submitted_by", "decided_by"))


def version_for(actor: Actor, version_id: UUID) -> ClockTableVersion:
    """One version; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = (
        ClockTableVersion.objects.select_related("edited_by", "submitted_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def reached_by(incident: Incident) -> dict[str, dt.datetime]:
    """When `incident` reached its moments, and `met:<code>` for clocks that were met, the latest
    time of each."""
    reached = dict(Moment.objects.filter(incident=incident).values_list("kind", "at"))
    done = Clock.objects.filter(incident=incident, state=State.MET).order_by("met_at")
    for code, at in done.values_list("code", "met_at"):
        if at is not None:
            reached[f"{MET}{code}"] = at
    return reached


@dataclass(frozen=True, slots=True)
class ClockShown:
    """A clock as pages and the API show it. `left` is negative when it is overdue; for one that
    has ended, how much was left when it was met."""

    clock: Clock
    row: Row
    urgency: Urgency
    left: dt.timedelta
    share: float  # of the time that is used up, 0 to 1

    @property
    def label(self) -> str:
        """The name of the duty, in the language of the reader, with its round."""
        return f"{self.row.label} {self.clock.round}" if self.row.repeats else self.row.label

    @property
    def left_text(self) -> str:
        """The time left, by how much it is late, or what was to spare when it was met."""
        span = span_label(self.left.total_seconds())
        if self.left < dt.timedelta(0):
            return _text("%(span)s late") % {"span": span}
        if self.clock.met_at is not None:
            return _text("%(span)s to spare") % {"span": span}
        return _text("%(span)s left") % {"span": span}

    @property
    def seconds_left(self) -> int:
        """`left` without its sign, in seconds."""
        return abs(int(self.left.total_seconds()))

    @property
    def tone(self) -> str:
        """The tone of its colours."""
        return rules.TONES[self.urgency]

    @property
    def percent(self) -> int:
        """The share of the time that is used up, in percent."""
        return round(self.share * 100)


def shown(clock: Clock, now: dt.datetime) -> ClockShown:
    """`clock` as it looks at `now`."""
    if clock.met_at is not None:
        until = clock.met_at
    elif clock.state == State.PAUSED:
        stops = [stop.paused_at for stop in clock.pauses.all() if stop.resumed_at is None]
        until = stops[0] if stops else now
    else:
        until = clock.ended_at or now
    whole = (clock.due_at - clock.started_at).total_seconds()
    used = (until - clock.started_at).total_seconds()
    share = min(max(used / whole, 0.0), 1.0) if whole > 0 else 1.0
    return ClockShown(clock, clock.duty, clock.urgency_at(now), clock.due_at - until, share)


def clocks_of(incident: Incident, now: dt.datetime | None = None) -> list[ClockShown]:
    """All clocks of `incident`: first those that run, the most overdue or nearest on top, then
    those that have ended, the latest on top."""
    at = now or wall_now()
    clocks = [
        shown(clock, at)
        for clock in Clock.objects.filter(incident=incident)
        .select_related("incident")
        .prefetch_related("pauses")
    ]
    live = [each for each in clocks if each.clock.is_live]
    over = [each for each in clocks if not each.clock.is_live]
    over.sort(key=lambda each: each.clock.ended_at or at, reverse=True)
    return live + over


def running_for(incident_ids: Iterable[UUID]) -> dict[UUID, list[Clock]]:
    """The live clocks of several incidents, nearest first; one query."""
    found: dict[UUID, list[Clock]] = {}
    for clock in Clock.objects.filter(
        incident__in=list(incident_ids), state__in=sorted(rules.LIVE)
    ):
        found.setdefault(clock.incident_id, []).append(clock)
    return found


@dataclass(frozen=True, slots=True)
class Strip:
    """The nearest clocks of all incidents."""

    clocks: tuple[ClockShown, ...] = field(default=())


def strip(now: dt.datetime) -> Strip:
    """What the top bar shows: one query, of which an index of running clocks gives the first few
    rows, however many run."""
    rows = (
        Clock.objects.filter(state=State.RUNNING)
        .select_related("incident")
        .order_by("due_at", "id")[:IN_STRIP]
    )
    return Strip(tuple(shown(clock, now) for clock in rows))


def clock_list(
    *, which: str, jurisdiction: str, exercise: str, now: dt.datetime
) -> QuerySet[Clock]:
    """Clocks for the list: `which` is live, overdue, breached or all; an empty filter is none."""
    found = Clock.objects.select_related("incident").prefetch_related("pauses")
    if which == "overdue":
        found = found.filter(state=State.RUNNING, due_at__lte=now)
    elif which == "breached":
        found = found.exclude(breached_at=None)
    elif which != "all":
        found = found.filter(Q(state__in=sorted(rules.LIVE)))
    if jurisdiction:
        found = found.filter(jurisdiction=jurisdiction)
    if exercise:
        found = found.filter(incident__exercise=exercise == "yes")
    return found


def clock_for(actor: Actor, clock_id: UUID) -> Clock:
    """One clock; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = Clock.objects.select_related("incident").filter(pk=clock_id).first()
    if found is None:
        raise NotFound(_("There is no such clock."))
    return found
