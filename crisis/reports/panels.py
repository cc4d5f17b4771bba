"""What the incident page shows of reports to regulators."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.actor import Actor
from core.roles import Capability
from crisis import panels
from crisis.incidents.models import Incident
from crisis.reports.selectors import due_reports


def build(incident: Incident, actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """The reports that its clocks ask for; three queries."""
    reports = due_reports(incident, now)
    if not reports:
        return None
    may_write = bool(actor.capabilities & {Capability.CRISIS_RUN, Capability.CRISIS_APPROVE})
    return {
        "template": "crisis/reports/panel.html",
        "reports": reports,
        "may_write": may_write and actor.user_id is not None,
    }


panels.register("regulator-reports", 30, build)
