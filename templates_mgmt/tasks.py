"""Background work of writing."""

from __future__ import annotations

from celery import shared_task

from core import clock
from templates_mgmt.writing import services


@shared_task
def expire_unsaved_words() -> int:
    """Remove words that nobody saved within `KEPT_DAYS`; how many."""
    return services.expire_words(now=clock.now())
