"""Work for a worker: one service call each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.db import OperationalError

from core import clock
from core.errors import Conflict
from investors.importing import uploads

_LOOK_AGAIN = 5  # seconds, while another import runs


@shared_task(
    bind=True,
    max_retries=None,
    autoretry_for=(OperationalError,),
    retry_backoff=1,
    retry_backoff_max=30,
)
def run_import(self: Task[Any, Any], batch_id: str) -> None:
    """Run a queued import; wait while another one runs."""
    try:
        uploads.run_requested(batch_id=UUID(batch_id), now=clock.now())
    except Conflict as error:
        if error.code != "import_running":
            raise
        raise self.retry(countdown=_LOOK_AGAIN) from error


@shared_task
def sweep_uploads() -> None:
    """Discard uploads that nobody imported, and forget old rejected rows."""
    uploads.sweep_uploads(now=clock.now())
