"""Make the crisis pack and write it to a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actor import system
from crisis.pack import services


class Command(BaseCommand):
    help = (
        "Make a fresh crisis pack (call tree, wordings, clocks, plan) and write it as "
        "crisis-pack.html and crisis-pack.pdf, which open without this product. Exit code 1 when "
        "it cannot be written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to")

    def handle(self, **options: Any) -> None:
        actor, now = system("crisis"), clock.now()
        pack = services.make_pack(actor=actor, now=now)
        try:
            written = services.write_pack(
                pack_id=pack.pk, directory=options["out"], actor=actor, now=now
            )
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}") from None
        self.stdout.write(json.dumps({"pack": str(pack.pk), "files": [str(p) for p in written]}))
