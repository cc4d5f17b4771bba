"""Writes on consent texts: the privacy officer drafts and submits, compliance puts in force."""

from __future__ import annotations

import datetime as dt
import hashlib
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.reviewed import steps
from core.roles import Capability
from core.texts import clean_text
from investors import rules
from investors.consent_texts.models import ConsentText, ConsentTextVersion
from investors.models import ConsentNotice

DRAFT = Capability.CONSENT_TEXTS_DRAFT
APPROVE = Capability.CONSENT_TEXTS_APPROVE
LONGEST = 20_000


@transaction.atomic
def create_text(
    *, purpose: str, language: str, actor: Actor, now: dt.datetime
) -> ConsentTextVersion:
    """The text about a purpose in a language that has none yet: a blank draft, which is returned;
    needs CONSENT_TEXTS_DRAFT."""
    steps.require_person(actor, DRAFT)
    if purpose not in rules.PURPOSES:
        raise InvalidInput(_("Choose a purpose."), field="purpose")
    if language not in rules.CONSENT_LANGUAGES:
        raise InvalidInput(_("Choose a language."), field="language")
    try:
        with transaction.atomic():
            made = ConsentText.objects.create(purpose=purpose, language=language, created_at=now)
    except IntegrityError:
        raise InvalidInput(
            _("There is a text for this purpose and language; make a new version of it."),
            code="duplicate",
            field="language",
        ) from None
    return steps.start(ConsentTextVersion, made, actor=actor, now=now, verb="created", text="")


@transaction.atomic
def new_version(*, text_id: UUID, actor: Actor, now: dt.datetime) -> ConsentTextVersion:
    """A draft with the words of the newest version; Conflict when one is in work already."""
    steps.require_person(actor, DRAFT)
    found = ConsentText.objects.select_for_update().filter(pk=text_id).first()
    if found is None:
        raise NotFound(_("There is no such consent text."))
    return steps.start(ConsentTextVersion, found, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *, version_id: UUID, text: str, actor: Actor, now: dt.datetime, revision: int | None = None
) -> ConsentTextVersion:
    """Replace the words of a draft. Raises InvalidInput `text`, or Conflict `stale_draft` when
    somebody saved since `revision`."""
    steps.require_person(actor, DRAFT)
    version = steps.locked(ConsentTextVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.text = clean_text(text, field="text", limit=LONGEST)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> ConsentTextVersion:
    """Send a draft to a second person. Raises InvalidInput when it is empty or says what is in
    force already, Conflict when it is no draft."""
    steps.require_person(actor, DRAFT)
    version = steps.locked(ConsentTextVersion, version_id, draft=True)
    if not version.text:
        raise InvalidInput(_("The text is empty."), code="required", field="text")
    in_force = version.consent_text.versions.filter(state="approved").first()
    if in_force is not None and in_force.text == version.text:
        raise InvalidInput(
            _("These are the words of version %(number)s, which is in force.")
            % {"number": in_force.number},
            code="unchanged",
            field="text",
        )
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> ConsentTextVersion:
    """Put exactly what was shown in force: from here investors are shown it and consents are
    pinned to it; those given before stay pinned to what was shown then. Needs
    CONSENT_TEXTS_APPROVE, a fresh second factor and a person who had no hand in it."""
    steps.require_person(actor, APPROVE)
    version = steps.locked(ConsentTextVersion, version_id)
    steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)
    ConsentNotice.objects.create(
        id=version.pk,
        purpose=version.consent_text.purpose,
        language=version.consent_text.language,
        version=version.number,
        text=version.text,
        sha256=hashlib.sha256(version.text.encode()).hexdigest(),
        created_at=now,
    )
    return version


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> ConsentTextVersion:
    """Give a version back with a reason; work goes on in a new version."""
    steps.require_person(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(ConsentTextVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
