"""The cast of crisis and risk."""

from __future__ import annotations

from typing import Any

from core import clock
from core.actor import Actor
from core.roles import Role
from crisis.incidents.services.activating import activate
from crisis.incidents.services.deciding import verify
from crisis.incidents.services.ending import close, restore
from crisis.models import Incident
from tests.core.builders import actor_of, make_user


def make_actor(*roles: Role) -> Actor:
    """Somebody with `roles`, with a second factor confirmed just now."""
    return actor_of(make_user(*roles))


def make_incident(title: str = "Orders cannot be placed", **options: Any) -> Incident:
    """An incident activated by hand, to be verified."""
    given = {"actor": make_actor(Role.CRISIS_OFFICER), "now": clock.now(), **options}
    return activate(title=title, **given)


def make_verified(actor: Actor, *, nature: str = "technical", **options: Any) -> Incident:
    """An incident that `actor` has verified, of the tier that the rule gives."""
    incident = make_incident(**options)
    return verify(
        incident_id=incident.pk, nature=nature, scope={"systems": ["trading"]}, actor=actor,
        now=clock.now(),
    )  # fmt: skip


def make_closed(**options: Any) -> Incident:
    """An incident that was verified, restored and closed."""
    actor = make_actor(Role.CRISIS_OFFICER)
    incident = make_verified(actor, **options)
    given = {"incident_id": incident.pk, "actor": actor}
    restore(**given, now=clock.now())
    return close(**given, words="Orders pass again; watched for a day.", now=clock.now())
