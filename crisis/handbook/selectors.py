"""Reads of the handbook."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.reviewed.rules import State
from core.roles import Capability
from crisis.handbook.models import Attestation, HandbookVersion


def in_force() -> HandbookVersion | None:
    """The version that all staff read."""
    rows = HandbookVersion.objects.select_related("handbook", "edited_by", "decided_by")
    return rows.filter(state=State.APPROVED).first()


def versions(actor: Actor) -> list[HandbookVersion]:
    """All versions, newest first, for who sees risks."""
    require(actor, Capability.RISK_VIEW)
    rows = HandbookVersion.objects.select_related("handbook", "edited_by", "decided_by")
    return list(rows.defer("words"))


def version_for(actor: Actor, version_id: UUID) -> HandbookVersion:
    """One version: those that were in force for all staff, others for who sees risks."""
    rows = HandbookVersion.objects.select_related("handbook", "edited_by", "decided_by")
    version = rows.filter(pk=version_id).first()
    published = version is not None and version.state in (State.APPROVED, State.SUPERSEDED)
    if version is None or not (published or Capability.RISK_VIEW in actor.capabilities):
        raise NotFound(_("There is no such version."))
    return version


@dataclass(frozen=True, slots=True)
class Reading:
    """One member of the staff, and when she confirmed the version."""

    user: User
    at: dt.datetime | None


def readings(actor: Actor, version: HandbookVersion) -> list[Reading]:
    """All active staff: first those who have not confirmed; two queries."""
    require(actor, Capability.RISK_VIEW)
    at = dict(Attestation.objects.filter(version=version).values_list("user_id", "at"))
    staff = User.objects.filter(is_active=True).order_by("display_name", "username")
    rows = [Reading(user, at.get(user.pk)) for user in staff]
    return sorted(rows, key=lambda row: row.at is not None)


def read_at(actor: Actor, version: HandbookVersion) -> dt.datetime | None:
    """When this reader confirmed the version."""
    if actor.user_id is None:
        return None
    rows = Attestation.objects.filter(version=version, user_id=actor.user_id)
    return rows.values_list("at", flat=True).first()


def unread_by(actor: Actor) -> HandbookVersion | None:
    """The version in force, if this member of the staff has not confirmed it; one query."""
    if actor.user_id is None:
        return None
    confirmed = Attestation.objects.filter(version=OuterRef("pk"), user_id=actor.user_id)
    rows = HandbookVersion.objects.filter(~Exists(confirmed), state=State.APPROVED)
    return rows.defer("words").first()
