"""Writes on the crisis plan: one person drafts and submits, another puts in force what she saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed import steps
from core.roles import Capability
from core.texts import clean_text
from crisis.plans import cleaning, selectors
from crisis.plans.models import CrisisPlan, CrisisPlanVersion

WRITERS = (Capability.CRISIS_RUN, Capability.CRISIS_APPROVE)
APPROVE = Capability.CRISIS_APPROVE


def require_writer(actor: Actor) -> None:
    """Raise Forbidden unless `actor` runs crises or approves for them, FourEyesViolation for a
    program."""
    holds = next((each for each in WRITERS if each in actor.capabilities), WRITERS[0])
    steps.require_person(actor, holds)


@transaction.atomic
def new_version(*, plan_id: UUID, actor: Actor, now: dt.datetime) -> CrisisPlanVersion:
    """A draft with the content of the newest version; Conflict `in_work` when one is in work."""
    require_writer(actor)
    plan = CrisisPlan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("There is no such plan."))
    return steps.start(CrisisPlanVersion, plan, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    content: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> CrisisPlanVersion:
    """Replace the content of a draft. Raises InvalidInput naming the row, or Conflict
    `stale_draft` when somebody saved since `revision`."""
    require_writer(actor)
    version = steps.locked(CrisisPlanVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    known = frozenset(str(user.pk) for user in selectors.people())
    version.content = cleaning.clean_plan(content, known=known)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> CrisisPlanVersion:
    """Send a draft to a second person. Roles may be empty: the page says which."""
    require_writer(actor)
    version = steps.locked(CrisisPlanVersion, version_id, draft=True)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> CrisisPlanVersion:
    """Put exactly what was shown in force for incidents that start from now on; a person who had
    no hand in it, with a fresh second factor."""
    require(actor, APPROVE)
    version = steps.locked(CrisisPlanVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> CrisisPlanVersion:
    """Give a version back with a reason; work goes on in a new one."""
    require(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(CrisisPlanVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
