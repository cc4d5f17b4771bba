"""A plan with people, and incidents under it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock
from core.models import User
from core.roles import Role
from crisis.models import CrisisPlan, CrisisPlanVersion, Incident
from crisis.plans import selectors, services
from crisis.plans.shipped import SHIPPED
from tests.core.builders import actor_of, make_user
from tests.crisis.builders import make_incident

NOON = dt.datetime(2027, 3, 2, 12, 0, tzinfo=dt.UTC)


def officer(email: str = "") -> User:
    """A crisis officer, with an e-mail address if one is given."""
    user = make_user(Role.CRISIS_OFFICER)
    if email:
        User.objects.filter(pk=user.pk).update(email=email)
        user.refresh_from_db()
    return user


def staffed(**people: list[User]) -> dict[str, Any]:
    """The shipped plan with these people in its roles."""
    roles = [
        {**role, "people": [str(user.pk) for user in people.get(role["code"], [])]}
        for role in SHIPPED["roles"]
    ]
    return {**SHIPPED, "roles": roles}


def put_in_force(content: dict[str, Any]) -> CrisisPlanVersion:
    """A plan with that content, by two people."""
    author, approver = actor_of(make_user(Role.CRISIS_OFFICER)), actor_of(make_user(Role.REVIEWER))
    now = clock.now()
    version = services.new_version(plan_id=CrisisPlan.objects.get().pk, actor=author, now=now)
    services.save(version_id=version.pk, content=content, actor=author, now=now)
    services.submit(version_id=version.pk, actor=author, now=now)
    version = selectors.version_for(approver, version.pk)
    return services.approve(
        version_id=version.pk, shown_hash=version.content_hash, actor=approver, now=now
    )


def incident_under(now: dt.datetime = NOON, **people: list[User]) -> Incident:
    """An incident under a plan with these people."""
    put_in_force(staffed(**people))
    return make_incident(now=now)
