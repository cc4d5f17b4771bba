"""Background work of learning."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core import clock
from crisis.learning import services


@shared_task
def chase() -> int:
    """Ask the owners of what is due soon or overdue; how many questions."""
    return services.chase_due(now=clock.now(), today=timezone.localdate())
