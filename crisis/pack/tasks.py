"""The daily pack."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings

from core import clock
from core.actor import system
from crisis.pack import services


@shared_task
def make() -> str:
    """Make today's pack, and write it where the firm keeps it, if it says where."""
    actor, now = system("crisis"), clock.now()
    pack = services.make_pack(actor=actor, now=now)
    if settings.PACK_DIR:
        services.write_pack(
            pack_id=pack.pk, directory=Path(settings.PACK_DIR), actor=actor, now=now
        )
    return str(pack.pk)
