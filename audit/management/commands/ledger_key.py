"""Print the log's verifier keys, or change the log's key."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import keys
from audit.keyring import services
from audit.keyring.models import Reason
from core import clock
from core.actor import system
from core.errors import Conflict

OPERATOR = system("operator")


class Command(BaseCommand):
    help = (
        "Print the log's verifier keys in C2SP form (name+keyid+base64), one a line, the present "
        "one first. With --rotate: change the key first. Exit code 0: done; 1: refused; 2: wrong "
        "usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rotate", action="store_true", help="retire the present key")
        parser.add_argument("--reason", choices=Reason.values, help="why (with --rotate)")
        parser.add_argument(
            "--json", action="store_true", help="with the sizes that each key signed, as JSON"
        )

    def handle(self, *, rotate: bool, reason: str | None, json: bool, **options: Any) -> None:
        if rotate != (reason is not None):
            raise CommandError("--rotate and --reason go together", returncode=2)
        if reason is not None:
            try:
                services.rotate(actor=OPERATOR, now=clock.now(), reason=Reason(reason))
            except Conflict as error:
                raise CommandError(str(error)) from None
        self.stdout.write(_as_json() if json else _in_lines())


def _in_lines() -> str:
    return "\n".join(str(period.key) for period in keys.keyring().periods)


def _as_json() -> str:
    return json.dumps(
        [
            {
                "key": str(period.key),
                "after": None if period.after < 0 else period.after,
                "until": period.until,
                "since": period.since.isoformat() if period.since else None,
            }
            for period in keys.keyring().periods
        ]
    )
