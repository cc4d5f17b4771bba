"""Writes on the handbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Conflict, Forbidden
from core.reviewed import steps
from core.reviewed.rules import State
from core.reviewed.steps import require_person
from core.roles import Capability
from core.texts import clean_text
from crisis.handbook import rules
from crisis.handbook.models import FIRM, Attestation, Handbook, HandbookVersion

EDIT, APPROVE = Capability.RISK_EDIT, Capability.RISK_APPROVE


@transaction.atomic
def start(*, actor: Actor, now: dt.datetime) -> HandbookVersion:
    """A draft with the words of the newest version. Raises Conflict `in_work`."""
    require_person(actor, EDIT)
    handbook, _new = Handbook.objects.select_for_update().get_or_create(
        code=FIRM, defaults={"created_at": now}
    )
    return steps.start(HandbookVersion, handbook, actor=actor, now=now, verb="started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    words: Mapping[str, str],
    changes: str = "",
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> HandbookVersion:
    """Replace the words of a draft. Raises InvalidInput `text.<language>` or `changes`, Conflict
    `stale_draft`."""
    require_person(actor, EDIT)
    version = steps.locked(HandbookVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.words = rules.clean_words(words)
    version.changes = clean_text(changes, field="changes", limit=500)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> HandbookVersion:
    """Send a draft to a second person; it needs words in both languages."""
    require_person(actor, EDIT)
    version = steps.locked(HandbookVersion, version_id, draft=True)
    rules.require_whole(version.words)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> HandbookVersion:
    """Publish it to all staff, who are then asked to confirm that they read it."""
    require_person(actor, APPROVE)
    version = steps.locked(HandbookVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> HandbookVersion:
    """Give it back with a reason."""
    require_person(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(HandbookVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


@transaction.atomic
def attest(*, version_id: UUID, actor: Actor, now: dt.datetime) -> Attestation:
    """Confirm, as any member of staff, that one read the version in force. Said twice, the first
    time counts. Raises Conflict `not_in_force` for another version."""
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    version = steps.locked(HandbookVersion, version_id)
    if version.state != State.APPROVED:
        raise Conflict(_("Another version is in force now; read that one."), code="not_in_force")
    attestation, new = Attestation.objects.get_or_create(
        version=version, user_id=actor.user_id, defaults={"at": now}
    )
    if new:
        record(
            action="handbook.attested", actor=actor, now=now,
            subjects=Subjects(staff=actor.user_id, object=version.object_ref),
            payload={"number": version.number, "content_hash": version.content_hash},
        )  # fmt: skip
    return attestation
