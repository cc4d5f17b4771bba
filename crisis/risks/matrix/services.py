"""Writes on the matrix: one person drafts and submits, another puts in force what she saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from core.actor import Actor
from core.reviewed import steps
from core.roles import Capability
from crisis.risks.matrix import rules
from crisis.risks.matrix.models import RiskMatrix, RiskMatrixVersion
from crisis.risks.rules import clean_text

KEEP, DECIDE = Capability.RISK_EDIT, Capability.RISK_APPROVE


@transaction.atomic
def new_version(*, actor: Actor, now: dt.datetime) -> RiskMatrixVersion:
    """A draft with the content of the newest version; needs RISK_EDIT. Raises Conflict when one
    is in work already."""
    steps.require_person(actor, KEEP)
    matrix = RiskMatrix.objects.select_for_update(no_key=True).get()
    return steps.start(RiskMatrixVersion, matrix, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    likelihood: Sequence[Mapping[str, Any]],
    impact: Sequence[Mapping[str, Any]],
    cells: Sequence[Sequence[str]],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> RiskMatrixVersion:
    """Replace the content of a draft; needs RISK_EDIT. Raises InvalidInput naming the band or
    the cell, Conflict `stale_draft` when somebody saved since `revision`."""
    steps.require_person(actor, KEEP)
    version = steps.locked(RiskMatrixVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    matrix = rules.clean(likelihood=likelihood, impact=impact, cells=cells)
    for name, value in rules.content_of(matrix).items():
        setattr(version, name, value)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> RiskMatrixVersion:
    """Send a draft to a second person; needs RISK_EDIT."""
    steps.require_person(actor, KEEP)
    version = steps.locked(RiskMatrixVersion, version_id, draft=True)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> RiskMatrixVersion:
    """Put exactly what was shown in force; needs RISK_APPROVE, a fresh second factor and a person
    who had no hand in it. Levels of all risks follow at once."""
    steps.require_person(actor, DECIDE)
    version = steps.locked(RiskMatrixVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> RiskMatrixVersion:
    """Give a version back with a reason; needs RISK_APPROVE. Work goes on in a new version."""
    steps.require_person(actor, DECIDE)
    reason = clean_text(reason, field="reason")
    version = steps.locked(RiskMatrixVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
