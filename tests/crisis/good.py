"""Good requests to the API of statements and drills (tests/api_world.py)."""

from __future__ import annotations

from typing import Any

from tests.crisis.builders import make_incident
from tests.crisis.speaking import make_draft, make_drill, make_running, wording

REASON = {"reason": "Letter 12 of the supervisor"}


def said() -> dict[str, Any]:
    """A statement to be drafted."""
    return {
        "version_id": str(wording().pk), "values": {"since": "09:30"}, "kind": "update",
        "phase": "investigating", "places": ["public"],
    }  # fmt: skip


def affected() -> dict[str, Any]:
    """A notice to be prepared."""
    return {
        "version_id": str(wording().pk), "values": {"since": "09:30"}, "criticality": "important",
        "affected": {"everyone": True}, "channels": {"parallel": ["sms"]}, **REASON,
    }  # fmt: skip


def drill(person: object) -> dict[str, Any]:
    """A drill to be planned."""
    return {
        "kind": "incident", "title": "Halt", "scenario": "At nine",
        "planned_for": "2027-01-04T09:00:00Z", "participants": [str(person)],
    }  # fmt: skip


# Operation → path parameters and body, made when asked for; `person` is who asks.
MADE: dict[str, Any] = {
    "statements_list": lambda person: ({"incident_id": make_incident().pk}, None),
    "statements_create": lambda person: ({"incident_id": make_incident().pk}, said()),
    "incidents_notify": lambda person: ({"incident_id": make_incident().pk}, affected()),
    "statements_retrieve": lambda person: ({"statement_id": make_draft().pk}, None),
    "statements_publish": lambda person: ({"statement_id": make_draft().pk}, None),
    "statements_drop": lambda person: ({"statement_id": make_draft().pk}, REASON),
    "drills_list": lambda person: ({}, None),
    "drills_create": lambda person: ({}, drill(person)),
    "drills_retrieve": lambda person: ({"drill_id": make_drill().pk}, None),
    "drills_start": lambda person: ({"drill_id": make_drill().pk}, None),
    "drills_mark_step": lambda person: (
        {"drill_id": make_running("site_switch").pk, "step": 0},
        None,
    ),
    "drills_end": lambda person: ({"drill_id": make_running().pk}, {"summary": "Well"}),
    "drills_cancel": lambda person: ({"drill_id": make_drill().pk}, REASON),
}
