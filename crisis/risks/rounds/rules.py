"""Rounds of identification and who took part. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput
from core.transitions import Machine, Move
from crisis.risks.rules import MAX_DEPARTMENT, clean_line, quarter_bounds

MIN_DEPARTMENTS = 2  # otherwise it is no round across departments
MAX_DEPARTMENTS = 30


class State(StrEnum):
    """Where a round stands."""

    PLANNED = "planned"
    CLOSED = "closed"
    CANCELLED = "cancelled"


STATE_LABELS = {
    State.PLANNED: _("Planned"),
    State.CLOSED: _("Held and closed"),
    State.CANCELLED: _("Called off"),
}
MACHINE = Machine(
    name="round",
    moves={
        (State.PLANNED, State.CLOSED): Move("close"),
        (State.PLANNED, State.CANCELLED): Move("cancel", reason=True),
    },
)


class Presence(StrEnum):
    """Whether somebody took part."""

    PRESENT = "present"
    EXCUSED = "excused"
    ABSENT = "absent"


PRESENCE_LABELS = {
    Presence.PRESENT: _("Present"),
    Presence.EXCUSED: _("Excused"),
    Presence.ABSENT: _("Absent"),
}


def clean_departments(raw: Iterable[str]) -> list[str]:
    """Departments invited: at least two different ones; raises InvalidInput `departments`."""
    named = [each for each in raw if each.strip()]
    kept = sorted({clean_line(each, field="departments", limit=MAX_DEPARTMENT) for each in named})
    if not MIN_DEPARTMENTS <= len(kept) <= MAX_DEPARTMENTS:
        raise InvalidInput(
            _("Name %(least)s to %(most)s departments, one a line.")
            % {"least": MIN_DEPARTMENTS, "most": MAX_DEPARTMENTS},
            field="departments",
        )
    return kept


def clean_day(day: dt.date, quarter: str) -> dt.date:
    """The day of a round, within its quarter; raises InvalidInput `planned_on` or `quarter`."""
    first, after = quarter_bounds(quarter)
    if not first <= day < after:
        raise InvalidInput(
            _("This day is not in %(quarter)s.") % {"quarter": quarter}, field="planned_on"
        )
    return day


def is_overdue(state: str, planned_on: dt.date, *, today: dt.date) -> bool:
    """Whether a round should have been held."""
    return state == State.PLANNED and planned_on < today


def check_attendance(invited: Sequence[str], attendance: Iterable[tuple[str, str]]) -> None:
    """A round can be closed when at least two departments were present and each invited one is
    accounted for. `attendance` is department and presence of each person.

    Raises Conflict `attendance`, naming the departments that are missing.
    """
    rows = list(attendance)
    present = {department for department, presence in rows if presence == Presence.PRESENT}
    if len(present) < MIN_DEPARTMENTS:
        raise Conflict(
            _("A round needs people of at least two departments present."), code="attendance"
        )
    missing = [each for each in invited if each not in {department for department, _p in rows}]
    if missing:
        raise Conflict(
            _("Note who came from, or was excused for: %(departments)s.")
            % {"departments": ", ".join(missing)},
            code="attendance",
            details={"departments": missing},
        )
