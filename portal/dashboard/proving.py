"""Tasks of proof: exports, the review of access, what is shredded."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from audit.access_review import selectors as access_reviews
from audit.export import selectors as export_selectors
from audit.models import Export
from audit.retention.models import RetentionProposal
from core.actor import Actor
from core.roles import Capability as C
from portal.dashboard.tasks import EACH, Task, address


def exports_waiting(actor: Actor) -> list[Task]:
    """Exports that this person could approve."""
    return [
        Task(
            icon="export",
            what=_("Decide about this export"),
            title=export.recipient,
            since=export.requested_at,
            url=address("export-detail", args=[export.pk]),
        )
        for export in export_selectors.waiting_for(actor)[:EACH]
    ]


def exports_ready(actor: Actor) -> list[Task]:
    """Exports of the last week that this person asked for and can download."""
    if C.EXPORTS_DOWNLOAD not in actor.capabilities:
        return []
    ready = Export.objects.filter(state="ready", requested_by=actor.user_id)
    return [
        Task(
            icon="download",
            what=_("Download this export"),
            title=export.recipient or export.reason,
            since=export.finished_at,
            url=address("export-detail", "export-list", args=[export.pk]) or address("export-list"),
        )
        for export in ready[:EACH]
    ]


def access_review_missing(actor: Actor, now: dt.datetime) -> list[Task]:
    """The access review of the quarter that has ended, while nobody signed it (L10)."""
    if C.ACCESS_REVIEW not in actor.capabilities or not access_reviews.is_due(now):
        return []
    return [
        Task(
            icon="shield",
            what=_("Review who has access"),
            title=str(_("The review of the last quarter is missing")),
            since=None,
            url=address("access-reviews"),
        )
    ]


def shredding_waiting(actor: Actor) -> list[Task]:
    """Proposals to shred what is due: to put forward, or to decide on (L7)."""
    states = {C.RETENTION_MANAGE: "proposed", C.RETENTION_APPROVE: "submitted"}
    mine = [state for capability, state in states.items() if capability in actor.capabilities]
    if not mine:
        return []
    waiting = RetentionProposal.objects.filter(state__in=mine).exclude(submitted_by=actor.user_id)
    return [
        Task(
            icon="archive",
            what=_("Decide what is shredded"),
            title=str(proposal),
            since=proposal.submitted_at or proposal.made_at,
            url=address("retention-proposal", args=[proposal.pk]),
        )
        for proposal in waiting[:EACH]
    ]
