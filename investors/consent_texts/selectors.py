"""Reads of consent texts: what is in force, what is in work, what a change says."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotFound
from core.pages import require_any
from core.reviewed.rules import State
from core.roles import Capability
from investors.consent_texts.models import ConsentText, ConsentTextVersion
from investors.models import ConsentNotice

READERS = (
    Capability.CONSENT_TEXTS_DRAFT,
    Capability.CONSENT_TEXTS_APPROVE,
    Capability.INVESTORS_VIEW,
)


def in_force(language: str) -> dict[str, ConsentNotice]:
    """The text in force of each purpose for a reader of `language`, in one query; where there is
    none in it, the simplified Chinese for Chinese, the English for others, else any."""
    wanted = [language, "zh-hans" if language.startswith("zh") else "en"]
    found: dict[str, ConsentNotice] = {}
    newest = ConsentNotice.objects.order_by("purpose", "language", "-version")
    for text in newest.distinct("purpose", "language"):
        kept = found.get(text.purpose)
        if kept is None or _rank(text, wanted) < _rank(kept, wanted):
            found[text.purpose] = text
    return found


def _rank(text: ConsentNotice, wanted: list[str]) -> int:
    return wanted.index(text.language) if text.language in wanted else len(wanted)


def texts(actor: Actor) -> list[ConsentText]:
    """All texts with their versions, newest first; two queries."""
    require_any(actor, READERS)
    versions = ConsentTextVersion.objects.select_related("edited_by", "decided_by")
    return list(
        ConsentText.objects.prefetch_related(
            Prefetch("versions", versions.defer("text").order_by("-number"))
        )
    )


def version_for(actor: Actor, version_id: UUID) -> ConsentTextVersion:
    """One version; raises NotFound."""
    require_any(actor, READERS)
    found = (
        ConsentTextVersion.objects.select_related(
            "consent_text", "edited_by", "submitted_by", "decided_by"
        )
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such consent text."))
    return found


def before(version: ConsentTextVersion) -> ConsentTextVersion | None:
    """What `version` changes: the version in force while it is in work, else the newest approved
    one of a lower number."""
    others = ConsentTextVersion.objects.filter(consent_text=version.consent_text_id)
    if version.in_work:
        return others.filter(state=State.APPROVED).first()
    older = others.filter(number__lt=version.number, state__in=[State.APPROVED, State.SUPERSEDED])
    return older.order_by("-number").first()


def waiting(actor: Actor) -> list[tuple[ConsentTextVersion, dt.datetime]]:
    """The versions that `actor` could decide about, and since when they wait."""
    if Capability.CONSENT_TEXTS_APPROVE not in actor.capabilities:
        return []
    versions = ConsentTextVersion.objects.filter(state=State.IN_REVIEW)
    return [
        (version, version.submitted_at)
        for version in versions.select_related("consent_text").order_by("submitted_at")
        if actor.user_id not in version.contributors and version.submitted_at is not None
    ]
