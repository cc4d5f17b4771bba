"""Tasks of templates: to review, to look at again, to revise."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability as C
from portal.dashboard.tasks import EACH, Task, address, own_lines
from templates_mgmt.models import Contributor, ReReview, TemplateVersion


def reviews_waiting(actor: Actor, now: dt.datetime) -> list[Task]:
    """Versions in review that this reviewer may decide: not a contributor, own lines; those that
    she has taken and those that nobody has. What is overdue says so (T4)."""
    if C.TEMPLATES_REVIEW not in actor.capabilities:
        return []
    mine = Contributor.objects.filter(version=OuterRef("pk"), user=actor.user_id)
    waiting = (
        TemplateVersion.objects.filter(~Exists(mine), state="in_review")
        .filter(Q(taken_by=None) | Q(taken_by=actor.user_id) | Q(due_at__lt=now))
        .select_related("template")
        .order_by("submitted_at")
    )
    return [
        Task(
            icon="eye",
            what=_("Overdue: review this template")
            if version.due_at is not None and version.due_at < now
            else _("Review this template"),
            title=f"{version.template.name} v{version.number}",
            since=version.submitted_at,
            url=address("version-review", "version-detail", args=[version.pk]),
        )
        for version in own_lines(waiting, actor, "template__business_line")[:EACH]
    ]


def rereviews_waiting(actor: Actor) -> list[Task]:
    """Approved versions that this reviewer may look at again: not a contributor, own lines."""
    if C.TEMPLATES_REVIEW not in actor.capabilities:
        return []
    mine = Contributor.objects.filter(version=OuterRef("version"), user=actor.user_id)
    waiting = (
        ReReview.objects.filter(~Exists(mine), closed_at=None)
        .select_related("version__template")
        .order_by("opened_at")
    )
    return [
        Task(
            icon="refresh",
            what=_("Look at this template again"),
            title=f"{row.version.template.name} v{row.version.number}",
            since=row.opened_at,
            url=address("rereview", args=[row.pk]),
        )
        for row in own_lines(waiting, actor, "version__template__business_line")[:EACH]
    ]


def drafts_returned(actor: Actor) -> list[Task]:
    """Versions that came back to their author and have no successor yet."""
    if C.TEMPLATES_DRAFT not in actor.capabilities:
        return []
    returned = TemplateVersion.objects.filter(
        state="returned", edited_by=actor.user_id, successors__isnull=True
    )
    return [
        Task(
            icon="undo",
            what=_("Revise this template; it was returned"),
            title=f"{version.template.name} v{version.number}",
            since=version.decided_at,
            url=address("version-detail", "version-review", args=[version.pk]),
        )
        for version in returned.select_related("template").order_by("decided_at")[:EACH]
    ]
