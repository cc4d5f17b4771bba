"""Who is called, on the incident page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.actor import Actor
from core.roles import Capability
from crisis import panels
from crisis.escalation import selectors
from crisis.escalation.rules import PageState
from crisis.incidents.models import Incident
from crisis.plans import rules as plans

ORDER = 40


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """The roles called out, the latest page of each, and the roles that may be called."""
    latest = {page.role: page for page in selectors.pages_of(incident)}
    calling = {role for role, page in latest.items() if page.state == PageState.CALLING}
    may_call = Capability.CRISIS_RUN in actor.capabilities and incident.is_open
    return {
        "template": "crisis/escalation/panel.html",
        "incident": incident,
        "pages": list(latest.values()),
        "actor_id": actor.user_id,
        "unanswered": [p for p in latest.values() if p.state == PageState.EXHAUSTED],
        "callable": [each for each in plans.posts(incident.plan) if each.code not in calling]
        if may_call
        else [],
    }


panels.register("calls", ORDER, build)
