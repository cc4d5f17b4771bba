"""Tasks of notices: to release, to resume or cancel."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from comms.models import Notice
from core.actor import Actor
from core.roles import Capability as C
from portal.dashboard.tasks import EACH, Task, address


def releases_waiting(actor: Actor) -> list[Task]:
    """Notices that this releaser may let out: prepared by somebody else."""
    if C.NOTICES_RELEASE not in actor.capabilities:
        return []
    waiting = Notice.objects.visible_to(actor).filter(state="ready")
    waiting = waiting.exclude(prepared_by=actor.user_id).order_by("submitted_at")
    return [
        Task(
            icon="send",
            what=_("Release this notice"),
            title=notice.title,
            since=notice.submitted_at,
            url=address("notice-release", "notice-detail", args=[notice.pk]),
        )
        for notice in waiting[:EACH]
    ]


def notices_paused(actor: Actor) -> list[Task]:
    """Notices that were stopped and wait for a decision."""
    if C.NOTICES_CONTROL not in actor.capabilities:
        return []
    paused = Notice.objects.visible_to(actor).filter(state="paused").order_by("released_at")
    return [
        Task(
            icon="pause",
            what=_("Resume or cancel this notice"),
            title=notice.title,
            since=notice.released_at,
            url=address("notice-detail", args=[notice.pk]),
        )
        for notice in paused[:EACH]
    ]
