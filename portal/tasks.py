"""Doorbells of the portal."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from core import clock
from portal.selfservice import signin


@shared_task
def send_sign_in_code(code_id: str) -> None:
    """Hand a one-time code to its channel. Not retried: the investor asks for another one."""
    signin.send_code(code_id=UUID(code_id), now=clock.now())
