"""Pause, resume, cancel (D10)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from comms import doorbell
from comms.models import Notice
from comms.rules import NoticeState
from comms.services.notices.common import (
    locked,
    move,
)
from core.access import require_step_up
from core.actor import Actor
from core.errors import IllegalTransition
from core.roles import Capability


@transaction.atomic
def pause_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Stop a notice: once this commits no worker takes another delivery of it. What a provider
    already has, it has."""
    notice = locked(notice_id, actor, Capability.NOTICES_CONTROL)
    return move(notice, NoticeState.PAUSED, "notice.paused", reason, actor, now)


@transaction.atomic
def resume_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Go on exactly where the pause stopped. Needs a fresh second factor, as the release did."""
    notice = locked(notice_id, actor, Capability.NOTICES_CONTROL)
    require_step_up(actor, now)
    if notice.state != NoticeState.PAUSED:  # from `ready` the machine knows a move: the release
        raise IllegalTransition(
            _("Only a paused notice can be resumed."), details={"state": notice.state}
        )
    begun = notice.deliveries.exists() or notice.exclusions.exists()
    target = NoticeState.SENDING if begun else NoticeState.RELEASED
    move(notice, target, "notice.resumed", reason, actor, now)
    doorbell.plan(notice.pk)
    doorbell.send()
    return notice


@transaction.atomic
def cancel_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """End a notice for good. Deliveries that nobody has taken yet are cancelled by the sweep."""
    drafted = Notice.objects.filter(
        pk=notice_id, state__in=[NoticeState.DRAFT.value, NoticeState.READY.value]
    ).exists()
    capability = Capability.NOTICES_PREPARE if drafted else Capability.NOTICES_CONTROL
    notice = locked(notice_id, actor, capability)
    return move(notice, NoticeState.CANCELLED, "notice.cancelled", reason, actor, now)
