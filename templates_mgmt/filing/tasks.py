"""Background work of reviews: what became due."""

from __future__ import annotations

from celery import shared_task

from core import clock
from templates_mgmt.filing import services


@shared_task
def look_at_dates() -> list[int]:
    """Open the re-reviews whose day has come, record overdue stages, and let the class of
    communications follow their reach; how many of each."""
    now = clock.now()
    return [
        services.open_due(now=now),
        services.remind_overdue(now=now),
        services.follow_reach(now=now),
    ]
