"""Rows of the clock table, when a clock is due, and what may happen to one. Pure.

Time is counted so that the product is never later than the law: minutes and hours are elapsed
time; days and months end at the same wall-clock time in the zone of the jurisdiction, although
most statutes give until the end of that day; business days end at the close of the last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.calendars import CALENDARS, Calendar
from core.transitions import Machine, Move
from crisis.incidents.rules import MomentKind

MET = "met:"  # in `starts`: when the clock of that code was met
HOUSE = "house"
SOON = dt.timedelta(hours=1)


class State(StrEnum):
    """Where a clock stands. `lapsed`: what started it does not hold any more, or the repetition
    ended with the incident. That it is overdue is told by the time, not by the state."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


STATE_LABELS = {
    State.RUNNING: _("Running"),
    State.PAUSED: _("Paused"),
    State.MET: _("Met"),
    State.CANCELLED: _("Called off"),
    State.LAPSED: _("No longer applies"),
}
LIVE = frozenset({State.RUNNING, State.PAUSED})

MACHINE = Machine(
    name="clock",
    moves={
        (State.RUNNING, State.PAUSED): Move("pause", reason=True),
        (State.PAUSED, State.RUNNING): Move("resume", reason=True),
        (State.RUNNING, State.MET): Move("meet"),
        (State.PAUSED, State.MET): Move("meet"),
        (State.RUNNING, State.CANCELLED): Move("cancel", reason=True),
        (State.PAUSED, State.CANCELLED): Move("cancel", reason=True),
        (State.RUNNING, State.LAPSED): Move("lapse"),
        (State.PAUSED, State.LAPSED): Move("lapse"),
    },
)


class Unit(StrEnum):
    """What an amount counts. `at_once`: the law says “immediately” and gives no number; the
    amount is after how many minutes the house calls it late."""

    AT_ONCE = "at_once"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"


UNIT_LABELS = {
    Unit.AT_ONCE: _("immediately; late after minutes"),
    Unit.MINUTES: _("minutes"),
    Unit.HOURS: _("hours"),
    Unit.DAYS: _("days"),
    Unit.BUSINESS_DAYS: _("business days"),
    Unit.MONTHS: _("months"),
}


class Repeats(StrEnum):
    """How often the duty comes again, until the incident is closed."""

    NEVER = ""
    HOURLY = "hourly"
    DAILY = "daily"


REPEAT_LABELS = {
    Repeats.NEVER: _("once"),
    Repeats.HOURLY: _("again each hour until closed"),
    Repeats.DAILY: _("again each day until closed"),
}


class Infrastructure(StrEnum):
    """Whether a row is for operators of critical information infrastructure."""

    ANY = "any"
    OPERATORS = "operators"
    OTHERS = "others"


INFRASTRUCTURE_LABELS = {
    Infrastructure.ANY: _("any firm"),
    Infrastructure.OPERATORS: _("operators of critical infrastructure"),
    Infrastructure.OTHERS: _("firms that operate no critical infrastructure"),
}

# What meets a clock besides a moment.
REPORT, BULLETIN, RETROSPECTIVE = "report", "bulletin", "retrospective"
MET_BY_LABELS: dict[str, str | Promise] = {
    REPORT: _("a report is submitted"),
    BULLETIN: _("a bulletin goes out"),
    RETROSPECTIVE: _("the retrospective is signed off"),
}

JURISDICTIONS: dict[str, tuple[str | Promise, str]] = {
    HOUSE: (_("House rule"), "cn"),
    "cn": (_("China"), "cn"),
    "eu": (_("European Union"), "eu-target"),
    "us": (_("United States"), "us-sec"),
    "us-ny": (_("New York State"), "us-sec"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One duty. Lists that are empty set no condition.

    `starts`: moments (`incidents.rules.MomentKind`) or `met:<code>`; the first one reached
    starts it. `cap_hours`: due at most so long after the firm became aware, 0 for no cap.
    `latest`: it counts anew when what started it is met again. `moments`: one of them must have
    been reached. `check`: why the row is switched off until somebody has looked at the source.
    """

    code: str
    name: Mapping[str, str]
    jurisdiction: str
    starts: tuple[str, ...]
    amount: int
    unit: str
    met_by: str
    source: str
    cap_hours: int = 0
    repeats: str = ""
    latest: bool = False
    tiers: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    infrastructure: str = "any"
    enabled: bool = True
    check: str = ""

    @property
    def statutory(self) -> bool:
        """Whether the duty is law, not house rule. Such a clock cannot be paused."""
        return self.jurisdiction != HOUSE

    @property
    def calendar(self) -> Calendar:
        """The calendar that its days are counted by."""
        return CALENDARS[JURISDICTIONS[self.jurisdiction][1]]

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return spoken(self.name)


def spoken(texts: Mapping[str, str]) -> str:
    """The text in the language of the reader, else in any that there is."""
    language = (get_language() or "").lower()
    return texts.get(language) or next((text for text in texts.values() if text), "")


def canonical(row: Row) -> dict[str, Any]:
    """The row as the hash, the ledger and a clock keep it."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(row).items()
    }


def row_of(kept: Mapping[str, Any]) -> Row:
    """The row from `canonical`."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
    }
    return Row(**fields)


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which duties an incident has. `reached`: moments and `met:<code>`, with when."""

    reached: Mapping[str, dt.datetime]
    tier: str = ""
    nature: str = ""
    infrastructure: bool = False


def applies(row: Row, situation: Situation) -> bool:
    """Whether the row's conditions hold. A nature or tier that is not known yet is none of those
    that a row asks for; a row looks again when it becomes known. What repeats does so until the
    incident is closed."""
    operator = {Infrastructure.OPERATORS: True, Infrastructure.OTHERS: False}.get(
        Infrastructure(row.infrastructure), situation.infrastructure
    )
    return (
        row.enabled
        and not (row.repeats and MomentKind.CLOSED.value in situation.reached)
        and operator == situation.infrastructure
        and (not row.tiers or situation.tier in row.tiers)
        and (not row.natures or situation.nature in row.natures)
        and (not row.moments or any(moment in situation.reached for moment in row.moments))
    )


def started_at(row: Row, situation: Situation) -> dt.datetime | None:
    """When the duty began: the first of what starts it; None while nothing of it was reached."""
    times = [situation.reached[start] for start in row.starts if start in situation.reached]
    return min(times, default=None)


def due_at(row: Row, start: dt.datetime, aware: dt.datetime | None = None) -> dt.datetime:
    """The instant at which the first round of `row`, begun at `start`, is due. `aware` is when
    the firm became aware. A cap that passed before the duty began does not count: who classifies
    later than 24 hours after becoming aware has 4 hours from then (2025/301 Art. 5(1)(a))."""
    due = _after(row, start)
    if row.cap_hours and aware is not None:
        cap = aware + dt.timedelta(hours=row.cap_hours)
        if cap > start:
            due = min(due, cap)
    return due


def _after(row: Row, start: dt.datetime) -> dt.datetime:
    match Unit(row.unit):
        case Unit.AT_ONCE | Unit.MINUTES:
            return start + dt.timedelta(minutes=row.amount)
        case Unit.HOURS:
            return start + dt.timedelta(hours=row.amount)
        case Unit.DAYS:
            return row.calendar.after_days(start, row.amount)
        case Unit.BUSINESS_DAYS:
            return row.calendar.after_business_days(start, row.amount)
        case Unit.MONTHS:
            return row.calendar.after_months(start, row.amount)


def round_due(row: Row, first_due: dt.datetime, number: int) -> dt.datetime:
    """When round `number` (from 1) of a repeating duty is due: on the grid of the first, so that
    neither a late round nor a change of the clocks moves the ones after it."""
    if row.repeats == Repeats.DAILY:
        return row.calendar.after_days(first_due, number - 1)
    return first_due + dt.timedelta(hours=number - 1)


class Urgency(StrEnum):
    """How a clock looks on a page; the words and colours are in portal's table of states."""

    OVERDUE = "overdue"
    SOON = "soon"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


# The tone of a page's colours; it never stands without icon and word.
TONES = {
    Urgency.OVERDUE: "danger",
    Urgency.SOON: "warn",
    Urgency.RUNNING: "info",
    Urgency.PAUSED: "warn",
    Urgency.MET: "ok",
    Urgency.MET_LATE: "warn",
    Urgency.CANCELLED: "neutral",
    Urgency.LAPSED: "neutral",
}


def urgency(
    *, state: str, due: dt.datetime, met: dt.datetime | None, breached: bool, now: dt.datetime
) -> Urgency:
    """How urgent a clock is at `now`. One that was met in time stays so, even where that became
    known after a breach had been recorded."""
    if state == State.MET:
        return Urgency.MET_LATE if met is not None and met > due else Urgency.MET
    if state != State.RUNNING:
        return Urgency(state)
    if breached or due <= now:
        return Urgency.OVERDUE
    return Urgency.SOON if due - now <= SOON else Urgency.RUNNING


def known_starts(codes: Collection[str]) -> set[str]:
    """Everything that can start a clock, in a table with rows of these codes."""
    return {moment.value for moment in MomentKind} | {f"{MET}{code}" for code in codes}
