"""Actions and when their owners are asked about them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import InvalidInput
from core.texts import clean_text
from core.transitions import Machine, Move

CHASE_BEFORE = 7  # days before the due day at which an owner is asked first
CHASE_EVERY = 7  # days between two questions once it is overdue
PARTS = ("summary", "worked", "failed", "causes", "procedure")
MUST = ("summary", "causes")  # without them nothing can be submitted
LIMIT = 20_000  # characters of one part


class ActionState(StrEnum):
    """Where an action stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


ACTION_LABELS = {
    ActionState.OPEN: pgettext_lazy("action", "Open"),
    ActionState.DONE: _("Done"),
    ActionState.DROPPED: _("Dropped"),
}

ACTIONS = Machine(
    name="action",
    moves={
        (ActionState.OPEN, ActionState.DONE): Move("finish", reason=True),
        (ActionState.OPEN, ActionState.DROPPED): Move("drop", reason=True),
    },
)


def chase_step(due_on: dt.date, today: dt.date) -> int | None:
    """Which question to the owner is due: -1 a week before, 0 on the due day, 1, 2 … after each
    further week, None before all that. It only grows, so a day without a look loses nothing."""
    late = (today - due_on).days
    if late < -CHASE_BEFORE:
        return None
    return -1 if late < 0 else late // CHASE_EVERY


def clean_parts(raw: Mapping[str, str]) -> dict[str, str]:
    """The parts of a retrospective; raises InvalidInput naming one that is too long."""
    return {name: clean_text(raw.get(name), field=name, limit=LIMIT) for name in PARTS}


def require_whole(parts: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a part that a retrospective cannot do without."""
    for name in MUST:
        if not parts[name]:
            raise InvalidInput(_("This field is required."), code="required", field=name)
