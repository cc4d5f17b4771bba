"""The Celery application: PostgreSQL rows are the truth, Celery is the doorbell."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("vouchsafe")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
