"""What the incident page shows of clocks: the largest first, as a picture with its table."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.actor import Actor
from crisis import panels
from crisis.clocks.selectors import clocks_of
from crisis.incidents.models import Incident


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """All clocks of the incident; two queries."""
    clocks = clocks_of(incident, now)
    return {"template": "crisis/clocks/panel.html", "clocks": clocks} if clocks else None


panels.register("clocks", 20, build)
