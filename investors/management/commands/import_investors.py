"""`manage.py import_investors FILE`: investors from CSV or XLSX, from the command line.

Exit codes: 0 finished, rejected rows or not (they are named in the output and in --errors);
3 finished with rejected rows under --strict; 2 the file, mapping, line or user cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from core import clock
from core.actor import Actor, system
from core.errors import VouchsafeError
from core.models import BusinessLine, User
from core.roles import Capability
from core.selectors import actor_for_user
from investors.importing.service import ImportResult, ProgressFunction, import_file
from investors.rules import general_reason

UNUSABLE = 2
REJECTED = 3


class Command(BaseCommand):
    help = (
        "Import investors from a CSV or XLSX file. Every row ends up created, updated, unchanged, "
        "merged with an identical one, or rejected by name. Exit codes: 0 finished, 2 the file "
        "cannot be used, 3 some rows were rejected and --strict was given."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="do all but write investors")
        parser.add_argument(
            "--errors", type=Path, metavar="OUT.csv", help="rejected rows, mendable"
        )
        parser.add_argument(
            "--map", type=Path, metavar="MAP.json", help="columns, values, encoding"
        )
        parser.add_argument("--line", metavar="CODE", help="business line (needed if several)")
        parser.add_argument("--user", metavar="NAME", help="in whose name; default: the system")
        parser.add_argument("--strict", action="store_true", help="exit 3 if a row was rejected")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self._run(options)
        except (VouchsafeError, OSError, json.JSONDecodeError) as error:
            self._refuse(error, options["json"])
            sys.exit(UNUSABLE)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(result), ensure_ascii=False, default=str))
        else:
            self._tell(result, options["errors"])
        if result.rejected and options["strict"]:
            sys.exit(REJECTED)

    def _run(self, options: dict[str, Any]) -> ImportResult:
        line = _line(options["line"])
        mapping = json.loads(options["map"].read_text()) if options["map"] else None
        with _bar(quiet=options["json"]) as progress:
            return import_file(
                path=options["file"],
                line_id=line.pk,
                actor=_actor(options["user"]),
                now=clock.now(),
                mapping=mapping,
                dry_run=options["dry_run"],
                errors_path=options["errors"],
                progress=progress,
            )

    def _refuse(self, error: Exception, as_json: bool) -> None:
        field = getattr(error, "field", None)
        if as_json:
            code = getattr(error, "code", "unreadable")
            self.stdout.write(
                json.dumps({"error": str(error), "code": code, "field": field}, ensure_ascii=False)
            )
        else:
            where = f" ({field})" if field else ""
            self.stderr.write(f"{error}{where}")

    def _tell(self, result: ImportResult, errors: Path | None) -> None:
        verb = "would be " if result.dry_run else ""
        self.stdout.write(
            f"{result.read} rows read ({result.encoding}): {result.created} {verb}created, "
            f"{result.updated} {verb}updated, {result.unchanged} unchanged, {result.merged} "
            f"identical repeats, {result.rejected} rejected."
        )
        for code, count in sorted(result.by_reason.items(), key=lambda item: -item[1]):
            self.stdout.write(f"{count:>9}  {code}: {general_reason(code)}")
        if result.rejected and errors:
            self.stdout.write(f"The rejected rows, with line, column and reason: {errors}")
        self.stdout.write(f"Batch {result.batch_id}")


def _line(code: str | None) -> BusinessLine:
    lines = list(BusinessLine.objects.all())
    if code is None and len(lines) == 1:
        return lines[0]
    for line in lines:
        if line.code == code:
            return line
    known = ", ".join(line.code for line in lines) or "none"
    raise VouchsafeError(f"Name the business line with --line; there are: {known}.", field="--line")


def _actor(name: str | None) -> Actor:
    """The named member of staff, or the system with the one right that importing needs: whoever
    runs commands on the server has that right by being there."""
    if name is None:
        rights = frozenset({Capability.INVESTORS_IMPORT, Capability.LINES_ALL})
        me = system("import_investors")
        return Actor(kind=me.kind, id=me.id, label=me.label, capabilities=rights)
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise VouchsafeError(f"There is no active user “{name}”.", field="--user")
    return actor_for_user(user)


@contextmanager
def _bar(*, quiet: bool) -> Iterator[ProgressFunction | None]:
    """A bar with rows, rate and time left, on a terminal's error output."""
    if quiet:
        yield None
        return
    columns = (
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("import", total=None, rate=0)

        def show(read: int, expected: int) -> None:
            rate = read / max(bar.tasks[0].elapsed or 0, 0.001)
            bar.update(task, completed=read, total=expected, rate=rate)

        yield show
