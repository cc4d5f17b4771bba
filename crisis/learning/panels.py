"""What the incident page shows of learning."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from core.actor import Actor
from core.roles import Capability
from crisis import panels
from crisis.incidents.models import Incident
from crisis.incidents.rules import State
from crisis.learning import selectors

LOOK_BACK = frozenset({State.RESTORED, State.CLOSED})


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """The retrospective and the actions; two queries."""
    versions, actions = selectors.versions_of(incident), selectors.actions_of(incident)
    looked_back = incident.state in LOOK_BACK
    if not (versions or actions or looked_back):
        return None
    may_run = Capability.CRISIS_RUN in actor.capabilities
    in_work = bool(versions) and versions[0].in_work
    return {
        "template": "crisis/learning/panel.html",
        "versions": versions,
        "actions": actions,
        "today": timezone.localdate(now),
        "may_start": may_run and looked_back and not in_work,
        "may_add": may_run,
    }


panels.register("learning", 80, build)
