"""Writes on criteria, under four eyes."""

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
from crisis.criteria import rules
from crisis.criteria.models import CriterionSet, CriterionSetVersion
from crisis.plans.services import require_writer

APPROVE = Capability.CRISIS_APPROVE


@transaction.atomic
def new_version(*, set_id: UUID, actor: Actor, now: dt.datetime) -> CriterionSetVersion:
    """A draft with the criteria of the newest version; Conflict `in_work` when one is in work."""
    require_writer(actor)
    found = CriterionSet.objects.select_for_update().filter(pk=set_id).first()
    if found is None:
        raise NotFound(_("There are no such criteria."))
    return steps.start(CriterionSetVersion, found, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    content: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> CriterionSetVersion:
    """Replace the criteria of a draft. Raises InvalidInput naming the row, or Conflict
    `stale_draft` when somebody saved since `revision`."""
    require_writer(actor)
    version = steps.locked(CriterionSetVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.content = rules.clean(content)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> CriterionSetVersion:
    """Send a draft to a second person."""
    require_writer(actor)
    version = steps.locked(CriterionSetVersion, version_id, draft=True)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> CriterionSetVersion:
    """Put exactly what was shown in force for signals from now on; a person who had no hand in
    it, with a fresh second factor."""
    require(actor, APPROVE)
    version = steps.locked(CriterionSetVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> CriterionSetVersion:
    """Give a version back with a reason; work goes on in a new one."""
    require(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(CriterionSetVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
