"""Keeping words that are not saved yet, and justifying findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.record import record
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from templates_mgmt import lint, rules
from templates_mgmt.lexicon.selectors import in_force
from templates_mgmt.rules import State
from templates_mgmt.selectors import content_of
from templates_mgmt.services.common import locked, person_of, subjects_of
from templates_mgmt.writing.models import Justification, UnsavedWords

KEPT_DAYS = 30
MAX_FIELDS_SIZE = 2_000_000  # characters of one form
_OURS = ("facts-", "text-", "placeholder-", "note-")


@transaction.atomic
def keep_words(
    *,
    version_id: UUID,
    session: UUID,
    revision: int,
    fields: Mapping[str, str],
    actor: Actor,
    now: dt.datetime,
) -> UnsavedWords | None:
    """Keep what is typed in one opening of the editor until it is saved or thrown away.

    Nothing is recorded in the ledger: these are nobody's words yet. Only the editor's own fields
    are kept; None when the version is no draft any more.
    """
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    if version.state != State.DRAFT:
        return None
    ours = {key: text for key, text in fields.items() if key.startswith(_OURS) or key == "rows"}
    if sum(map(len, ours.values())) > MAX_FIELDS_SIZE:
        raise InvalidInput(_("This is more text than can be kept."), code="too_long")
    kept, _made = UnsavedWords.objects.update_or_create(
        version=version,
        user_id=person_of(actor),
        session=session,
        defaults={"fields": ours, "at": now},
        create_defaults={"fields": ours, "at": now, "since": now, "revision": revision},
    )
    return kept


@transaction.atomic
def drop_words(*, version_id: UUID, session: UUID, actor: Actor, now: dt.datetime) -> bool:
    """Throw away one's own unsaved words, once they are saved or not wanted. Whether there were
    any."""
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    del now  # services have it; nothing here needs a time
    dropped, _by_model = UnsavedWords.objects.filter(
        version=version, user_id=person_of(actor), session=session
    ).delete()
    return bool(dropped)


def expire_words(*, now: dt.datetime) -> int:
    """Remove the unsaved words of everybody that are older than KEPT_DAYS; how many. Runs daily.
    Nothing is recorded: they were nobody's words yet."""
    expired, _by_model = UnsavedWords.objects.filter(
        at__lt=now - dt.timedelta(days=KEPT_DAYS)
    ).delete()
    return expired


@transaction.atomic
def justify(
    *, version_id: UUID, fingerprint: str, reason: str, actor: Actor, now: dt.datetime
) -> Justification:
    """Say why a finding of a saved draft may stand. Reviewers see the reason beside it.

    Raises InvalidInput `not_overridable` for a finding that must be mended, `no_finding` when the
    draft has none of this fingerprint, `duplicate` when it has its reason already.
    """
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    if version.state != State.DRAFT:
        raise Conflict(_("Findings are justified before submission."), code="not_a_draft")
    words = rules.clean_text(reason, field="reason", limit=2000)
    if not words:
        raise InvalidInput(_("A reason is needed."), code="required", field="reason")
    content = content_of(version)
    finding = next(
        (
            item
            for item in lint.lint(content, in_force())
            if lint.fingerprint(item, content) == fingerprint
        ),
        None,
    )
    if finding is None:
        raise InvalidInput(
            _("The draft has no such finding any more."), code="no_finding", field="fingerprint"
        )
    if finding.code not in lint.OVERRIDABLE:
        raise InvalidInput(
            _("This finding must be mended; it cannot be justified."),
            code="not_overridable",
            field="fingerprint",
        )
    if version.justifications.filter(fingerprint=fingerprint).exists():
        raise InvalidInput(
            _("This finding has its reason already."), code="duplicate", field="fingerprint"
        )
    made = Justification.objects.create(
        version=version,
        fingerprint=fingerprint,
        code=finding.code,
        place=finding.place.ref,
        excerpt=finding.excerpt[:200],
        reason=words,
        user_id=person_of(actor),
        at=now,
    )
    record(
        action="template.finding_justified",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
        payload={
            "number": version.number,
            "fingerprint": fingerprint,
            "code": made.code,
            "place": made.place,
            "reason": words,
        },
    )
    return made
