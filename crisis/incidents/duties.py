"""What is to be done next in an incident, and until when. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crisis.incidents.rules import State

# The move that each state waits for: words, and the route that does it.
_BY_STATE: dict[str, tuple[str | Promise, str]] = {
    State.ALARMED: (_("Verify nature and scope"), "incident-verify"),
    State.VERIFIED: (_("Restore the service"), "incident-restore"),
    State.RESTORED: (_("Close with closing words"), "incident-close"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: its code, its name, when it is due."""

    code: str
    label: str
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """The next thing to do. `route` names the page where it is done, blank when there is none."""

    words: str | Promise
    route: str
    due_at: dt.datetime | None = None


def next_duty(state: str, *, has_lead: bool, running: Sequence[Running]) -> Duty | None:
    """The most pressing duty: the clock that is due first, else what the state waits for. An
    incident that is verified and has nobody who leads needs a lead first of all."""
    if state == State.VERIFIED and not has_lead:
        return Duty(_("Take the lead"), "")
    words, route = _BY_STATE.get(state, ("", ""))
    if not running:
        return Duty(words, route) if words else None
    first = min(running, key=lambda clock: clock.due_at)
    if (state, first.code) in {(State.ALARMED, "verify"), (State.VERIFIED, "restore")}:
        return Duty(words, route, first.due_at)
    return Duty(first.label, "", first.due_at)
