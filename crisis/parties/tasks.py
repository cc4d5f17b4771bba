"""Background work of third parties."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core import clock
from crisis.parties import services


@shared_task
def remind() -> int:
    """Record what is ending about third parties; how many reminders."""
    return services.remind_due(now=clock.now(), today=timezone.localdate())
