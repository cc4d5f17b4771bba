"""The panel of the incident page of an exercise: the drill it belongs to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.actor import Actor
from crisis.drills.models import Drill
from crisis.incidents.models import Incident
from crisis.panels import register


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """The drill; one query, and none for what is real."""
    if not incident.exercise:
        return None
    drill = Drill.objects.filter(incident=incident).first()
    return None if drill is None else {"template": "crisis/drills/panel.html", "drill": drill}


register("drill", 5, build)
