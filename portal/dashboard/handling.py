"""Tasks of investors' data: imports to finish, consent texts to put in force."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability as C
from investors.consent_texts import selectors as consent_texts
from investors.models import ImportBatch
from portal.dashboard.tasks import EACH, Task, address


def consent_texts_waiting(actor: Actor) -> list[Task]:
    """Consent texts that this person could put in force."""
    return [
        Task(
            icon="eye",
            what=_("Review this consent text"),
            title=str(version),
            since=since,
            url=address("consent-text-version", args=[version.pk]),
        )
        for version, since in consent_texts.waiting(actor)[:EACH]
    ]


def imports_checked(actor: Actor) -> list[Task]:
    """Dry runs of this person that were not followed by the import itself."""
    if C.INVESTORS_IMPORT not in actor.capabilities:
        return []
    checked = ImportBatch.objects.filter(state="checked", created_by=actor.user_id)
    return [
        Task(
            icon="upload",
            what=_("Finish this import; it was only checked"),
            title=batch.file_name,
            since=batch.created_at,
            url=address("import-detail", args=[batch.pk]),
        )
        for batch in checked.order_by("created_at")[:EACH]
    ]
