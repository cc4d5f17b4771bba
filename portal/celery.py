"""The Celery application: PostgreSQL rows are the truth, Celery is the doorbell."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init

from core import collector
from portal import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

broker.install()
app = Celery("vouchsafe")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(
    [
        "audit.browsing",
        "audit.retention",
        "templates_mgmt.filing",
        "crisis.clocks",
        "crisis.criteria",
        "crisis.escalation",
        "crisis.indicators",
        "crisis.learning",
        "crisis.pack",
        "crisis.parties",
        "crisis.risks",
    ]
)


@worker_init.connect
def _spare_the_collector(**_event: object) -> None:
    """Before children are forked: they inherit it."""
    collector.spare()
