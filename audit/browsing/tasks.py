"""Months of the ledger, made ahead."""

from __future__ import annotations

from celery import shared_task
from django.db import connection


@shared_task
def make_partitions() -> int:
    """Make the next months of `audit_record` when fewer than three are left; returns how many.

    The function belongs to the owner role and does nothing else; the application role may only
    call it. Fails when the table is busy for two seconds: the next night tries again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_partitions()")
        made: int = cursor.fetchone()[0]
        return made
