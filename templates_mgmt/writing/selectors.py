"""Reads: unsaved words, who else is editing, the reasons beside findings."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from core.actor import Actor
from templates_mgmt import lint
from templates_mgmt.lint import Finding
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Content
from templates_mgmt.writing.models import Justification, UnsavedWords

EDITING_MINUTES = 10


def unsaved_of(version: TemplateVersion, actor: Actor, session: UUID | None = None) -> list[Any]:
    """The actor's own unsaved words, newest first, without those of the open editor."""
    kept = UnsavedWords.objects.filter(version=version, user=actor.user_id).order_by("-at")
    return list(kept.exclude(session=session) if session else kept)


def others_editing(version: TemplateVersion, actor: Actor, now: dt.datetime) -> list[UnsavedWords]:
    """Who else has typed into this draft in the last minutes, and since when."""
    return list(
        UnsavedWords.objects.filter(
            version=version, at__gte=now - dt.timedelta(minutes=EDITING_MINUTES)
        )
        .exclude(user=actor.user_id)
        .select_related("user")
        .order_by("since")
    )


def justified(version: TemplateVersion) -> dict[str, Justification]:
    """The reasons given for findings of a version, by fingerprint."""
    rows = Justification.objects.filter(version=version).select_related("user")
    return {row.fingerprint: row for row in rows}


def blocking(version: TemplateVersion, content: Content, findings: list[Finding]) -> list[Finding]:
    """The errors among `findings` that nobody justified: they stop submission."""
    reasons = justified(version)
    return [
        finding
        for finding in lint.errors(findings)
        if finding.code not in lint.OVERRIDABLE or lint.fingerprint(finding, content) not in reasons
    ]


def reasons_recorded(
    version: TemplateVersion, content: Content, findings: list[Finding]
) -> list[dict[str, str]]:
    """The reasons that count for this content, for the record of its submission."""
    reasons = justified(version)
    standing = {lint.fingerprint(finding, content) for finding in findings}
    return [
        {
            "fingerprint": row.fingerprint,
            "code": row.code,
            "place": row.place,
            "excerpt": row.excerpt,
            "reason": row.reason,
            "by": str(row.user_id),
        }
        for row in reasons.values()
        if row.fingerprint in standing
    ]
