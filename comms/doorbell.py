"""Ringing for the workers. Rows are the truth: a bell that nobody hears costs two seconds, until
the next sweep, and never a message."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)


def plan(notice_id: UUID) -> None:
    """Ask for planning once the transaction has committed."""
    _ring("comms.tasks.plan", str(notice_id))


def dry_run(job_id: UUID) -> None:
    """Ask for a dry run to be made, or gone on with, once the transaction has committed."""
    _ring("comms.tasks.dry_run", str(job_id))


def send() -> None:
    """Ask for sending once the transaction has committed."""
    _ring("comms.tasks.send")


def receipts() -> None:
    """Ask for receipts to be applied once the transaction that stored them has committed."""
    _ring("comms.tasks.apply_receipts")


def _ring(task: str, *args: str) -> None:
    transaction.on_commit(lambda: _send(task, *args))


def _send(task: str, *args: str) -> None:
    try:
        current_app.send_task(task, args=args, retry=False)
    except Exception:  # a broken broker must not undo a committed release
        log.exception("the broker did not take %s; the sweep will see to it", task)
