"""Doorbells of escalation. Each may be lost, repeated or killed: the rows say what is left."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError

from core import clock
from crisis.escalation import mailing, services


@shared_task(autoretry_for=(OperationalError,), retry_backoff=1, max_retries=3)
def tick() -> int:
    """Go on with calls that lapsed, then send what is queued."""
    moved = services.tick(now=clock.now())
    mailing.send_waiting(now=clock.now())
    return moved


@shared_task(autoretry_for=(OperationalError,), retry_backoff=1, max_retries=3)
def mail() -> int:
    """Send the e-mails that are queued."""
    return mailing.send_waiting(now=clock.now())
