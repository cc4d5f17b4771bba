"""Ringing for the workers once a transaction has committed. Rows are the truth: a bell that nobody
hears costs seconds, until the next tick, and never a call."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)
MAIL = "crisis.escalation.tasks.mail"


def mail() -> None:
    """Ask for the e-mails of new calls to be sent."""
    transaction.on_commit(_ring)


def _ring() -> None:
    try:
        current_app.send_task(MAIL, retry=False)
    except Exception:  # a broken broker must not undo a committed call
        log.exception("the broker did not take %s; the tick will see to it", MAIL)
