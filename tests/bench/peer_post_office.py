"""django-post-office on the same server: enqueue and send with Django's dummy e-mail backend.

Its fastest way: send_many in batches of 1,000 (one bulk insert each), a template rendered per
recipient, then send_queued with two processes, nothing logged. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings

PROCESSES = 2


def configure() -> None:
    """A minimal project on a database of its own in the embedded server."""
    from core.embedded import OWNER_ROLE, EmbeddedPostgres
    from portal.env import database

    server = EmbeddedPostgres(Path(os.environ["VOUCHSAFE_VAR"]) / "postgres")
    _create_database(server.url())
    settings.configure(
        SECRET_KEY="bench",
        DATABASES={"default": database(server.url(user=OWNER_ROLE, database="peer"))},
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        USE_TZ=True,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        EMAIL_BACKEND="post_office.EmailBackend",
        POST_OFFICE={
            "BACKENDS": {"default": "django.core.mail.backends.dummy.EmailBackend"},
            "BATCH_SIZE": 5000,
            "LOG_LEVEL": 0,
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()


def _create_database(admin_url: str) -> None:
    import psycopg

    from core.embedded import OWNER_ROLE

    with psycopg.connect(admin_url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'peer'").fetchone():
            admin.execute(f"CREATE DATABASE peer OWNER {OWNER_ROLE}")


def run(count: int) -> dict[str, Any]:
    """Enqueue and send `count` messages; figures."""
    from django.core.management import call_command
    from django.db import connection
    from post_office import mail
    from post_office.models import EmailTemplate

    call_command("migrate", verbosity=0)
    template = EmailTemplate.objects.create(
        name="outage",
        subject="Trading system outage",
        content="{{ name }}: online trading is down since {{ since }}. Investing carries risk.",
    )
    started = time.perf_counter()
    for start in range(0, count, 1000):
        mail.send_many(
            [
                {
                    "recipients": [f"n{number}@customer.example"],
                    "sender": "notices@vouchsafe.example",
                    "template": template,
                    "context": {"name": "王小明", "since": "09:30"},
                }
                for number in range(start, min(start + 1000, count))
            ]
        )
    enqueue_s = time.perf_counter() - started
    sent = 0
    while batch := mail.send_queued(processes=PROCESSES, log_level=0)[0]:
        sent += batch
        connection.close()  # its forked processes have ended the session they inherited
    seconds = time.perf_counter() - started
    return {
        "deliveries": sent,
        "deliveries_per_s": round(sent / seconds),
        "seconds": round(seconds, 2),
        "enqueue_s": round(enqueue_s, 2),
    }


if __name__ == "__main__":
    configure()
    print(json.dumps(run(int(sys.argv[1]))))
