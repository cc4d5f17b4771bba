"""Wordings, statements and drills for tests."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from core import clock
from core.actor import Actor
from core.roles import Role
from crisis.drills import services as drills
from crisis.drills.models import Drill
from crisis.models import Incident, Statement
from crisis.statements import services
from templates_mgmt.models import TemplateVersion
from tests.core.builders import actor_of, make_line, make_user
from tests.crisis.builders import make_incident
from tests.templates_mgmt.builders import make_approved

_numbers = itertools.count(1)
WORDING = {
    "placeholders": [{"name": "since", "type": "time", "example": "09:30", "source": "notice"}],
    "variants": [
        {"channel": "inbox", "language": "zh-hans", "subject": "{{ title }}",
         "body": "网上交易自{{ since }}起暂停。{{ action }}。{{ risk }}"},
        {"channel": "inbox", "language": "en", "subject": "{{ title }}",
         "body": "Online trading is down since {{ since }}. {{ action }}. {{ risk }}"},
        {"channel": "sms", "language": "zh-hans",
         "body": "网上交易自{{ since }}起暂停。{{ action }}。{{ risk }}"},
        {"channel": "sms", "language": "en",
         "body": "Online trading is down since {{ since }}. {{ action }}. {{ risk }}"},
    ],
}  # fmt: skip


def wording() -> TemplateVersion:
    """An approved wording that names nobody."""
    return make_approved(code=f"public-{next(_numbers)}", **WORDING)


def officer() -> Actor:
    """A crisis officer of the retail line, with a second factor confirmed just now."""
    return actor_of(make_user(Role.CRISIS_OFFICER, lines=[make_line()]))


def approver() -> Actor:
    """Somebody who may let statements out to the public, likewise."""
    return actor_of(make_user(Role.REVIEWER, lines=[make_line()]))


def make_draft(incident: Incident | None = None, **changes: Any) -> Statement:
    """A statement for the status page that waits to be published."""
    given: dict[str, Any] = {
        "kind": "update",
        "phase": "investigating",
        "places": ["public"],
        "values": {"since": "09:30"},
        "actor": officer(),
        "now": clock.now(),
        **changes,
    }
    version = given.pop("version", None) or wording()
    incident = incident or make_incident()
    return services.draft(incident_id=incident.pk, version_id=version.pk, **given)


def make_published(incident: Incident | None = None, **changes: Any) -> Statement:
    """One that another person published."""
    statement = make_draft(incident, **changes)
    return services.publish(statement_id=statement.pk, actor=approver(), now=clock.now())


def make_drill(kind: str = "incident", **changes: Any) -> Drill:
    """A planned drill."""
    actor = changes.pop("actor", None) or officer()
    given: dict[str, Any] = {
        "kind": kind,
        "title": "Trading halt at the opening",
        "scenario": "At 09:25 the order gateway stops answering.",
        "planned_for": clock.now() + dt.timedelta(days=7),
        "participants": [actor.user_id],
        "scope": {"systems": ["Order gateway"]},
        "now": clock.now(),
        **changes,
    }
    if kind == "site_switch":
        given.setdefault("steps", [{"name": "Switch the database", "seconds": 900}])
    return drills.plan(**given, actor=actor)


def make_running(kind: str = "incident", **changes: Any) -> Drill:
    """A drill that has begun."""
    drill = make_drill(kind, **changes)
    return drills.start(drill_id=drill.pk, actor=officer(), now=clock.now())
