"""Making dry runs, and asking whether one still holds."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.canonical import canonical_bytes
from audit.leaf import Subjects
from audit.record import record
from comms import audience
from comms.audience import AudiencePreview
from comms.dryruns.models import DryRun
from comms.models import Notice
from core.access import require, require_line
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.roles import Capability

VALID_FOR = dt.timedelta(minutes=15)


def make_dry_run(
    *, notice_id: UUID, actor: Actor, now: dt.datetime
) -> tuple[DryRun, AudiencePreview]:
    """Plan the whole audience as of now, without holding the notice, and keep the outcome.

    Raises Conflict when the wording is not approved.
    """
    require(actor, Capability.NOTICES_VIEW)
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    preview = audience.dry_run(notice, now=now)
    return keep(notice, preview.summary(), actor=actor, now=now), preview


@transaction.atomic
def keep(notice: Notice, summary: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> DryRun:
    """Keep a dry run of `notice` as it was read before the dry run."""
    made = DryRun.objects.create(
        notice_id=notice.pk,
        fingerprint=fingerprint(notice),
        summary=dict(summary),
        made_by=actor.ref,
        made_at=now,
    )
    record(
        action="notice.dry_run",
        actor=actor,
        now=now,
        subjects=Subjects(notice=notice.pk, version=notice.version_id),
        payload={"dry_run": str(made.pk), "fingerprint": made.fingerprint, "counts": dict(summary)},
    )
    return made


def fingerprint(notice: Notice) -> str:
    """The SHA-256 of all that a dry run reads of the notice itself. Consents and contacts are
    not in it: they are asked again at the instant of sending (I5)."""
    told = [
        str(notice.version_id),
        notice.content_hash,
        notice.topic,
        notice.criticality,
        notice.audience,
        notice.values,
        notice.channels,
    ]
    return hashlib.sha256(canonical_bytes(told)).hexdigest()


def shown(notice: Notice, dry_run_id: UUID, now: dt.datetime) -> DryRun:
    """The dry run that somebody was shown; raises NotFound for one of another notice, and
    Conflict (`stale_dry_run`) for one that is old or of the notice as it was."""
    found = DryRun.objects.filter(pk=dry_run_id, notice=notice.pk).first()
    if found is None:
        raise NotFound(_("There is no such dry run of this notice."))
    if now - found.made_at > VALID_FOR:
        raise Conflict(
            _("That dry run is older than %(minutes)s minutes; look at a new one.")
            % {"minutes": VALID_FOR // dt.timedelta(minutes=1)},
            code="stale_dry_run",
        )
    require_same(notice, found.fingerprint)
    return found


def require_same(notice: Notice, told: str) -> None:
    """Raise Conflict when the notice is not the one that the dry run was of."""
    if fingerprint(notice) != told:
        raise Conflict(
            _("The notice was changed meanwhile; look at a new dry run."), code="stale_dry_run"
        )
