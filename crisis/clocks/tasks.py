"""Watching the clocks."""

from __future__ import annotations

from celery import shared_task

from core import clock
from crisis.clocks.services import tick


@shared_task
def watch() -> None:
    """Record the deadlines that passed since the last time."""
    tick(now=clock.now())
