"""Doorbells. Each task loads nothing, calls services, and may be lost, repeated or killed: the
rows say what is left to do, and `sweep` runs every two seconds."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from comms import doorbell, staff_mail
from comms.dryruns import jobs
from comms.models import Notice
from comms.rules import NoticeState
from comms.services import claiming, closing, fallback, planning, receipts, recovery, sending
from core import clock
from templates_mgmt.filing.services import mail_overdue

RETRY: dict[str, Any] = {
    "autoretry_for": (OperationalError,),
    "retry_backoff": 1,
    "retry_backoff_max": 30,
    "max_retries": 5,
}
_SHIFT = 20.0  # seconds a sending task works before it lets others have the process


@shared_task(**RETRY)
def plan(notice_id: str) -> int:
    """Plan a released notice, or go on planning it; the rest is sent meanwhile."""
    planned = planning.plan_notice(notice_id=UUID(notice_id), now=clock.now())
    doorbell.send()
    return planned


@shared_task(**RETRY)
def send() -> int:
    """Send what is due until nothing is, or the shift is over."""
    worker = f"worker-{socket.gethostname()}-{os.getpid()}"
    sent = 0
    end = time.monotonic() + _SHIFT
    while count := sending.send_batch(worker=worker, now=clock.now(), lease=_lease()):
        sent += count
        if time.monotonic() > end:
            doorbell.send()
            break
    return sent


@shared_task(**RETRY)
def dry_run(job_id: str) -> bool:
    """One shift of a dry run; rings again when more is left, so that sending gets its turn."""
    more = jobs.carry_out(job_id=UUID(job_id), now=clock.now())
    if more:
        doorbell.dry_run(UUID(job_id))
    return more


@shared_task(**RETRY)
def apply_receipts() -> int:
    """Apply stored receipts until none is left that can be applied; returns how many."""
    applied = 0
    while count := receipts.apply_pending(now=clock.now()).receipts:
        applied += count
    return applied


@shared_task(**RETRY)
def sweep() -> None:
    """Everything that time brings: lost leases, quiet hours over, fallbacks, receipts, ends."""
    now = clock.now()
    while recovery.recover_expired(now=now, lease=_lease()) == recovery.BATCH:
        pass
    while receipts.apply_pending(now=now).receipts:
        pass
    fallback.release_held(now=now)
    fallback.advance(now=now)
    closing.stop_recalled(now=now)
    closing.cancel_open(now=now)
    closing.finish_notices(now=now)
    for notice_id in unplanned():
        doorbell.plan(notice_id)
    for job_id in jobs.waiting(now):
        doorbell.dry_run(job_id)
    if claiming.something_due(now):
        doorbell.send()


@shared_task(**RETRY)
def compact_tallies() -> int:
    """Roll up the tallies of notices that have collected many."""
    return closing.compact_tallies(now=clock.now())


@shared_task
def remind_reviewers() -> int:
    """Write to reviewers about what is overdue (T4); how many mails were taken."""
    return mail_overdue(send=staff_mail.send, now=clock.now())


def _lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.SEND_LEASE)


def unplanned() -> list[UUID]:
    """Released notices whose planning has not begun or not ended."""
    return list(
        Notice.objects.filter(
            state__in=[NoticeState.RELEASED.value, NoticeState.SENDING.value], planned_at=None
        ).values_list("pk", flat=True)
    )
