"""Rotate the key-encryption key (docs/erasure.md)."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.wrapping import services
from core import clock, crypto, keyring
from core.actor import system
from core.errors import VouchsafeError

ACTOR = system("rotate_kek")


class Command(BaseCommand):
    """Exit codes: 0 done, 2 refused."""

    help = (
        "Make a new key-encryption key and wrap every data key under it. Without --new: go on "
        "with wrapping. Exit codes: 0 done, 2 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--new, --retire, --status, --json."""
        parser.add_argument("--new", action="store_true", help="make the next key first")
        parser.add_argument(
            "--retire", type=int, metavar="NUMBER", help="retire an old key, for good"
        )
        parser.add_argument("--status", action="store_true", help="only say what is where")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked, then say how many data keys each key wraps."""
        told: dict[str, Any] = {}
        try:
            if options["retire"] is not None:
                told["file_removed"] = services.retire(
                    number=options["retire"], actor=ACTOR, now=clock.now()
                )
            elif not options["status"]:
                if options["new"]:
                    told["created"] = services.begin_rotation(actor=ACTOR, now=clock.now())
                told["rewrapped"] = services.rewrap(
                    actor=ACTOR, now=clock.now(), progress=self._tell(options)
                )
        except VouchsafeError as error:
            self.stderr.write(str(error))
            raise SystemExit(2) from None
        told["current"] = crypto.keyring().current
        told["here"] = keyring.numbers()
        told["data_keys"] = {str(number): count for number, count in services.under().items()}
        if options["json"]:
            self.stdout.write(json.dumps(told))
            return
        for name, value in told.items():
            self.stdout.write(f"{name}: {value}")

    def _tell(self, options: dict[str, Any]) -> Any:
        if options["json"] or not self.stderr.isatty():
            return None
        return lambda done: self.stderr.write(f"\r{done} data keys", ending="")
