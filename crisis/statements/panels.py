"""The panel of the incident page: what was said, what is owed, and the way to those affected."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.actor import Actor
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.panels import register
from crisis.statements import rules, selectors
from crisis.statements.rules import Place, State


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """Statements, bulletins and notices in four queries."""
    if Capability.CRISIS_VIEW not in actor.capabilities:
        return None
    statements = selectors.statements_of(incident)
    rounds = selectors.bulletins(incident, now)
    public = [each for each in statements if each.is_public and each.state == State.PUBLISHED]
    return {
        "template": "crisis/statements/panel.html",
        "incident": incident,
        "latest": public[0] if public else None,
        "waiting": [each for each in statements if each.state == State.DRAFT],
        "notices": selectors.notices_of(incident),
        "missed": rules.missed(rounds, now),
        "next": next((each for each in rounds if each.told is None and each.due >= now), None),
        "public": Place.PUBLIC,
        "may_notify": incident.is_open and Capability.NOTICES_PREPARE in actor.capabilities,
        "may_draft": incident.is_open
        and {Capability.CRISIS_LOG, Capability.TEMPLATES_VIEW} <= actor.capabilities,
    }


register("statements", 40, build)
