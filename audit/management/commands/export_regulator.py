"""Make a regulator export on the command line: two people, each with their one-time code."""

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

from audit.export import building, handout, requests
from audit.export.requests import SUBJECTS, Period
from audit.models import Export
from core import clock, devices
from core.actor import Actor
from core.errors import VouchsafeError
from core.models import User
from core.selectors import actor_for_user


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
        "Write a regulator export (a BagIt bag that proves itself) of one notice, investor, "
        "template or incident, of a period [from, to), or of both together. Two people stand "
        "behind it, as on the pages: each gives a one-time code, asked for on the terminal or "
        "read from standard input, a line each, the one who asks first. "
        "Exit code 0: written and checked; 1: refused; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name in SUBJECTS:
            parser.add_argument(f"--{name}", type=UUID, metavar="ID", help=f"one {name}")
        parser.add_argument("--from", dest="since", metavar="D", help="a date or a time")
        parser.add_argument("--to", dest="until", metavar="D", help="a date or a time, exclusive")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
        parser.add_argument("--reason", default="by command", help="why (printed in the report)")
        parser.add_argument(
            "--recipient", default="", help="for whom (printed on every page; default: who asks)"
        )
        parser.add_argument("--requested-by", metavar="USER", help="who asks (an auditor)")
        parser.add_argument("--approved-by", metavar="USER", help="who approves: somebody else")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, out: Path, **options: Any) -> None:
        scope = {name: options[name] for name in SUBJECTS if options[name]}
        period = self._period(options["since"], options["until"])
        if not scope and period is None:
            raise CommandError("name a subject (--notice …), or --from and --to", returncode=2)
        names = (options["requested_by"], options["approved_by"])
        if not all(names) or names[0] == names[1]:
            why = "name two people: --requested-by USER and --approved-by ANOTHER"
            raise CommandError(why, returncode=2)
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} exists and is not an empty folder", returncode=2)
        asking, approving = (self._confirmed(name) for name in names)
        words = {
            "reason": options["reason"],
            "recipient": options["recipient"] or asking.label,
        }
        show = None if options["json"] else self._show
        try:
            export = self._make(asking, approving, {**scope, "period": period, **words}, show)
            handout.copy_bag(
                export_id=export.pk, target=out.resolve(), actor=asking, now=clock.now()
            )
        except VouchsafeError as error:
            raise CommandError(str(error), returncode=2 if error.field else 1) from None
        self._report(export, out.resolve(), as_json=options["json"])

    def _make(self, asking: Actor, approving: Actor, wanted: Any, show: Any) -> Export:
        """Request, approval and building, each the service of the pages."""
        export = requests.request_export(**wanted, actor=asking, now=clock.now())
        requests.approve_export(export_id=export.pk, actor=approving, now=clock.now())
        return building.build_export(export_id=export.pk, now=clock.now(), progress=show)

    def _confirmed(self, username: str) -> Actor:
        """That person, stepped up with the one-time code that they type now."""
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active user {username}", returncode=2)
        prompt = f"One-time code of {username}: " if sys.stdin.isatty() else ""
        try:
            code = input(prompt).strip()
        except EOFError:
            raise CommandError(
                f"the one-time code of {username} is missing", returncode=2
            ) from None
        if devices.verify(user, code) is None:
            why = f"the code of {username} is wrong, was used, or came too soon after a wrong one"
            raise CommandError(why, returncode=1)
        return actor_for_user(user, stepped_up_at=clock.now())

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

    def _report(self, export: Export, path: Path, *, as_json: bool) -> None:
        facts = {
            "export": str(export.pk),
            "path": str(path),
            "watermark": export.watermark,
            "records": export.records,
            "not_yet_in_the_log": export.missing,
            "checkpoint": export.checkpoint,
        }
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if as_json else _in_words(facts))


def _in_words(facts: dict[str, Any]) -> str:
    return (
        f"{facts['records']:,} records, proved in a log of {facts['checkpoint']:,}; "
        f"{facts['not_yet_in_the_log']:,} in scope not yet in the log.\n"
        f"{facts['path']}\nCheck it with: python3 {facts['path']}/data/verify.py {facts['path']}"
    )
