"""Kinds, places and phases of statements; which bulletins were missed. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, Move
from templates_mgmt.rules import Placeholder

DAILY = dt.timedelta(days=1)
SHOWN_AFTER_END = dt.timedelta(days=30)  # how long the status page shows what is over
TEXT_CHANNELS = (
    "inbox",
    "email",
    "sms",
)  # whose wording a statement takes, the first that is there
SPOKESPERSON = "pr"  # the plan's role that speaks for the firm


class State(StrEnum):
    """Where a statement stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DROPPED = "dropped"


STATE_LABELS = {
    State.DRAFT: _("Waiting to be published"),
    State.PUBLISHED: _("Published"),
    State.DROPPED: _("Dropped"),
}
MACHINE = Machine(
    name="statement",
    moves={
        (State.DRAFT, State.PUBLISHED): Move("publish"),
        (State.DRAFT, State.DROPPED): Move("drop", reason=True),
    },
)


class Kind(StrEnum):
    """What a statement is."""

    BULLETIN = "bulletin"
    UPDATE = "update"


KIND_LABELS = {Kind.BULLETIN: _("Daily bulletin"), Kind.UPDATE: _("Statement")}


class Place(StrEnum):
    """Where a statement is read."""

    INTERNAL = "internal"
    PUBLIC = "public"


PLACE_LABELS = {Place.INTERNAL: _("Inside the firm"), Place.PUBLIC: _("Public status page")}


class Phase(StrEnum):
    """How far things are, in the words of public status pages."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


PHASE_LABELS = {
    Phase.INVESTIGATING: _("Being looked into"),
    Phase.IDENTIFIED: _("Cause found"),
    Phase.MONITORING: _("Mended, being watched"),
    Phase.RESOLVED: _("Over"),
}


class Round(NamedTuple):
    """One day's bulletin: `number` from 1, due at `due`; `told` when one was published for it."""

    number: int
    due: dt.datetime
    told: dt.datetime | None


def rounds(
    *,
    verified_at: dt.datetime,
    ended_at: dt.datetime | None,
    published: Iterable[dt.datetime],
    now: dt.datetime,
) -> list[Round]:
    """The bulletins owed so far: one for every full day from the verification to the end (or to
    `now`), and the one that comes next while it goes on. The last published within a day counts."""
    until = min(ended_at or now, now)
    owed = max((until - verified_at) // DAILY, 0) + (0 if ended_at else 1)
    told: dict[int, dt.datetime] = {}
    for at in sorted(published):
        number = max(-((verified_at - at) // DAILY), 1)  # rounds up: at the due instant is in time
        told[number] = at
    return [Round(n, verified_at + n * DAILY, told.get(n)) for n in range(1, owed + 1)]


def missed(found: Iterable[Round], now: dt.datetime) -> list[Round]:
    """Those whose day has passed without one."""
    return [each for each in found if each.told is None and each.due < now]


_TIMES = frozenset({"since", "started", "start", "start_time", "from_time"})
_SYSTEMS = frozenset({"system", "systems"})
_BRANCHES = frozenset({"branch", "branches"})
_PRODUCTS = frozenset({"product", "products"})


def suggested(
    placeholders: Iterable[Placeholder],
    *,
    since: dt.datetime,
    scope: Mapping[str, Any],
    languages: Iterable[str],
) -> dict[str, Any]:
    """Values for placeholders whose names say what is meant, from the facts of an incident:
    `since` in its own zone. Words are the same in every language: names of systems are."""
    found: dict[str, Any] = {}
    languages = list(languages)
    for item in placeholders:
        text = _fact(item.name, item.type, since, scope)
        if text:
            found[item.name] = dict.fromkeys(languages, text) if item.type == "text" else text
    return found


def _fact(name: str, kind: str, since: dt.datetime, scope: Mapping[str, Any]) -> str:
    if name in _TIMES:
        if kind == "date":
            return since.strftime("%Y-%m-%d")
        return since.strftime("%H:%M" if kind == "time" else "%Y-%m-%d %H:%M")
    for names, part in ((_SYSTEMS, "systems"), (_BRANCHES, "branches"), (_PRODUCTS, "products")):
        if name in names:
            return "、".join(scope.get(part, ()))
    return ""
