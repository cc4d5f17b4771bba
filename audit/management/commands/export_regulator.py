"""Make a regulator export."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit.export.service import Period, build_export, create_export
from core import clock
from core.actor import system
from core.errors import VouchsafeError


def instant(text: str) -> dt.datetime:
    """A date (its first instant in the firm's zone) or an RFC 3339 date and time."""
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
        day = None if moment else parse_date(text)
    except ValueError as error:
        raise CommandError(f"{text}: {error}", returncode=2) from None
    if moment is None and day is not None:
        moment = dt.datetime.combine(day, dt.time.min)
    if moment is None:
        raise CommandError(f"{text}: not a date (2026-03-02) or time (RFC 3339)", returncode=2)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


class Command(BaseCommand):
    help = (
        "Write a regulator export (a BagIt bag that proves itself) of one notice or of a period "
        "[from, to). Exit code 0: written and checked; 1: refused; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--notice", type=UUID, metavar="ID", help="one notice and its trail")
        parser.add_argument("--from", dest="since", metavar="D", help="a date or a time")
        parser.add_argument("--to", dest="until", metavar="D", help="a date or a time, exclusive")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
        parser.add_argument("--reason", default="by command", help="why (printed in the report)")
        parser.add_argument("--recipient", default="", help="for whom (printed on every page)")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, notice: UUID | None, out: Path, json: bool, **options: Any) -> None:
        period = self._period(options["since"], options["until"])
        if (notice is None) == (period is None):
            raise CommandError("give either --notice, or --from and --to", returncode=2)
        now = clock.now()
        try:
            export = create_export(
                notice_id=notice,
                period=period,
                reason=options["reason"],
                recipient=options["recipient"],
                actor=system("command-line"),
                now=now,
            )
            show = None if json else self._show
            export = build_export(export_id=export.pk, now=now, out=out.resolve(), progress=show)
        except VouchsafeError as error:
            raise CommandError(str(error), returncode=2 if error.field else 1) from None
        facts = {
            "export": str(export.pk),
            "path": export.path,
            "records": export.records,
            "not_yet_in_the_log": export.missing,
            "checkpoint": export.checkpoint,
        }
        self.stdout.write(_dumps(facts) if json else _in_words(facts))

    def _period(self, since: str | None, until: str | None) -> Period | None:
        if since is None and until is None:
            return None
        if since is None or until is None:
            raise CommandError("--from and --to go together", returncode=2)
        return instant(since), instant(until)

    def _show(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done:,} of {total:,} records")
            sys.stderr.write("\n" if done >= total else "")


def _dumps(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _in_words(facts: dict[str, Any]) -> str:
    return (
        f"{facts['records']:,} records, proved in a log of {facts['checkpoint']:,}; "
        f"{facts['not_yet_in_the_log']:,} in scope not yet in the log.\n"
        f"{facts['path']}\nCheck it with: python3 {facts['path']}/data/verify.py {facts['path']}"
    )
