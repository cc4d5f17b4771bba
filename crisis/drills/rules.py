"""Kinds and states of drills; what one scored. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text
from core.transitions import Machine, Move

A_YEAR = 2  # drills that the house owes every year (product.md, C12)
YEAR = dt.timedelta(days=365)
FULL = 100  # points
MAX_STEPS = 20
MAX_SECONDS = 7 * 24 * 3600
MAX_FROZEN = 5000  # investors of one lost-contact drill
ENOUGH = 2  # channels that must reach an investor


class State(StrEnum):
    """Where a drill stands."""

    PLANNED = "planned"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


STATE_LABELS = {
    State.PLANNED: _("Planned"),
    State.RUNNING: _("Running"),
    State.FINISHED: _("Finished"),
    State.CANCELLED: _("Cancelled"),
}
MACHINE = Machine(
    name="drill",
    moves={
        (State.PLANNED, State.RUNNING): Move("start"),
        (State.PLANNED, State.CANCELLED): Move("cancel", reason=True),
        (State.RUNNING, State.FINISHED): Move("end", reason=True),
    },
)


class Kind(StrEnum):
    """What is practised."""

    INCIDENT = "incident"
    LOST_CONTACT = "lost_contact"
    SITE_SWITCH = "site_switch"


KIND_LABELS = {
    Kind.INCIDENT: _("Incident drill"),
    Kind.LOST_CONTACT: _("Lost-contact drill"),
    Kind.SITE_SWITCH: _("Site-switch drill"),
}


class ClockResult(NamedTuple):
    """One clock at the end of a drill. `met` is None when its time had not run out."""

    code: str
    name: str
    seconds: int | None
    allowed: int
    met: bool | None


class StepResult(NamedTuple):
    """One measured step: seconds from the start, None when nobody marked it."""

    name: str
    seconds: int | None
    allowed: int

    @property
    def met(self) -> bool:
        """Whether it was done within its target."""
        return self.seconds is not None and self.seconds <= self.allowed


class Recovery(NamedTuple):
    """What a lost-contact drill came to."""

    people: int
    recovered: int
    median_seconds: int | None


def recovery(started_at: dt.datetime, marks: Iterable[dt.datetime | None]) -> Recovery:
    """How many were found again, and how long the middle one took; None: not found."""
    marks = list(marks)
    took = [int((at - started_at).total_seconds()) for at in marks if at is not None]
    return Recovery(len(marks), len(took), int(median(took)) if took else None)


def score(
    clocks: Sequence[ClockResult], steps: Sequence[StepResult], found: Recovery | None
) -> dict[str, Any]:
    """Points out of 100, and what they come from: each clock whose time is known, each step and
    (as one) the share of investors found again weigh the same. `total` is None when nothing
    could be measured."""
    judged = [float(clock.met) for clock in clocks if clock.met is not None]
    judged += [float(step.met) for step in steps]
    if found is not None and found.people:
        judged.append(found.recovered / found.people)
    return {
        "clocks": [clock._asdict() for clock in clocks],
        "clocks_met": sum(clock.met is True for clock in clocks),
        "clocks_judged": sum(clock.met is not None for clock in clocks),
        "steps": [{**step._asdict(), "met": step.met} for step in steps],
        "steps_met": sum(step.met for step in steps),
        "recovery": found._asdict() if found is not None else None,
        "total": round(FULL * sum(judged) / len(judged)) if judged else None,
    }


def clean_steps(raw: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Steps to be measured: `name` and `seconds`, the target counted from the start. Raises
    InvalidInput `steps.<n>.name` or `steps.<n>.seconds`."""
    rows = list(raw)
    if len(rows) > MAX_STEPS:
        raise InvalidInput(_("At most %(limit)s rows.") % {"limit": MAX_STEPS}, field="steps")
    found = []
    for number, row in enumerate(rows, 1):
        name = clean_text(row.get("name"), field=f"steps.{number}.name", limit=120)
        if not name:
            raise InvalidInput(_("Name the step."), field=f"steps.{number}.name")
        try:
            seconds = int(row.get("seconds") or 0)
        except (TypeError, ValueError):
            seconds = 0
        if not 1 <= seconds <= MAX_SECONDS:
            raise InvalidInput(
                _("Give the target in whole seconds, at most a week."),
                field=f"steps.{number}.seconds",
            )
        found.append({"name": name, "seconds": seconds})
    return found


def missing(finished: Iterable[dt.datetime], now: dt.datetime) -> int:
    """How many drills the last year lacks."""
    return max(A_YEAR - sum(1 for at in finished if now - YEAR <= at <= now), 0)
