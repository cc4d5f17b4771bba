"""Background work of risks: acceptances end by themselves."""

from __future__ import annotations

from celery import shared_task

from core import clock
from crisis.risks.services import accepting


@shared_task
def expire_acceptances() -> int:
    """End the acceptances whose last day is over; how many."""
    return accepting.expire_due(now=clock.now())
