"""Doorbells of criteria. Each may be lost, repeated or killed."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError

from core import clock
from crisis.criteria import monitors


@shared_task(autoretry_for=(OperationalError,), retry_backoff=1, max_retries=3)
def look() -> int:
    """Read the product's own measures."""
    return monitors.look(now=clock.now())
