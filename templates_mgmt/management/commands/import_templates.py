"""`manage.py import_templates FILE …`: template files in as drafts."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from core import clock
from core.errors import VouchsafeError
from core.models import BusinessLine, User
from core.selectors import actor_for_user
from templates_mgmt.files.service import Imported, import_files

UNUSABLE = 2


class Command(BaseCommand):
    help = (
        "Take template files in as drafts in the name of an author; all of them, or none. "
        "Nothing is approved. Exit codes: 0 taken in (or would be), 2 a file, the line or the "
        "user cannot be used."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--line", required=True, metavar="CODE", help="business line")
        parser.add_argument("--user", required=True, metavar="NAME", help="the author")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = self._run(options)
        except (VouchsafeError, OSError) as error:
            self._refuse(error, options["json"])
        if options["json"]:
            rows = [asdict(result) for result in results]
            self.stdout.write(json.dumps({"files": rows}, ensure_ascii=False, default=str))
            return
        for result in results:
            edited = ", edited since its export" if result.edited else ""
            self.stdout.write(f"{result.file}: {result.outcome} v{result.number}{edited}")

    def _run(self, options: dict[str, Any]) -> list[Imported]:
        line = BusinessLine.objects.filter(code=options["line"]).first()
        if line is None:
            raise VouchsafeError(f"There is no line “{options['line']}”.", field="--line")
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise VouchsafeError(f"There is no active user “{options['user']}”.", field="--user")
        return import_files(
            files=[(str(path), path.read_bytes()) for path in options["files"]],
            line_id=line.pk,
            actor=actor_for_user(user),
            now=clock.now(),
            dry_run=options["dry_run"],
        )

    def _refuse(self, error: Exception, as_json: bool) -> None:
        refused = getattr(error, "details", {}).get("files", [])
        if as_json:
            answer = {"error": str(error), "files": refused}
            self.stdout.write(json.dumps(answer, ensure_ascii=False, default=str))
        else:
            self.stderr.write(str(error))
            for item in refused:
                self.stderr.write(f"{item['file']}: {item['field']}: {item['message']}")
        sys.exit(UNUSABLE)
