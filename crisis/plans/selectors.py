"""The plan in force, its versions, and the people who can be in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.reviewed.rules import State
from core.roles import ROLE_CAPABILITIES, Capability
from crisis.plans.models import HOUSE, CrisisPlan, CrisisPlanVersion

_IN_CRISES = [
    role.value for role, given in ROLE_CAPABILITIES.items() if Capability.CRISIS_LOG in given
]


def in_force() -> CrisisPlanVersion | None:
    """The version in force."""
    return (
        CrisisPlanVersion.objects.select_related("plan")
        .filter(plan__code=HOUSE, state=State.APPROVED)
        .first()
    )


def frozen_plan() -> dict[str, Any]:
    """The content of the plan in force, with its number and hash, to be frozen onto an incident;
    empty when none is in force (`rules` then reads the shipped one)."""
    version = in_force()
    if version is None:
        return {}
    return {**version.content, "number": version.number, "hash": version.content_hash}


def versions(actor: Actor) -> list[CrisisPlanVersion]:
    """All versions of the plan, newest first."""
    require(actor, Capability.CRISIS_VIEW)
    return list(
        CrisisPlanVersion.objects.select_related("plan", "edited_by", "decided_by").order_by(
            "-number"
        )
    )


def version_for(actor: Actor, version_id: UUID) -> CrisisPlanVersion:
    """One version; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = (
        CrisisPlanVersion.objects.select_related("plan", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def plan_id() -> UUID:
    """The id of the firm's plan."""
    return CrisisPlan.objects.values_list("pk", flat=True).get(code=HOUSE)


def people() -> list[User]:
    """Those who can have a role of the plan: active staff who can work on an incident."""
    return list(
        User.objects.filter(is_active=True, groups__name__in=_IN_CRISES)
        .distinct()
        .order_by("display_name", "username")
    )


def able(ids: list[str]) -> frozenset[str]:
    """Of these ids, those of active members of staff."""
    found = User.objects.filter(is_active=True, pk__in=ids).values_list("pk", flat=True)
    return frozenset(str(pk) for pk in found)


def names_of(ids: list[str]) -> dict[str, User]:
    """The members of staff with these ids, by id; one query."""
    return {str(pk): user for pk, user in User.objects.in_bulk([UUID(one) for one in ids]).items()}
