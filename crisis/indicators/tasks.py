"""Background work of indicators."""

from __future__ import annotations

from celery import shared_task

from core import clock
from crisis.indicators import services


@shared_task
def read() -> int:
    """Read the months that have ended; how many readings were kept."""
    return services.read_months(now=clock.now())
