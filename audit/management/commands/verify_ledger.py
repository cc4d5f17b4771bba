"""Verify the whole log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.verify import VerificationResult, verify_log
from core import clock


class Command(BaseCommand):
    help = (
        "Re-derive the whole log from its rows and compare it with every checkpoint. "
        "Exit code 0: it holds; 1: it does not; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="a checkpoint kept outside this system"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, against: Path | None, json: bool, **options: Any) -> None:
        try:
            text = None if against is None else against.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--against: {error}", returncode=2) from None
        result = verify_log(now=clock.now(), against=text, progress=None if json else self._show)
        self.stdout.write(_as_json(result) if json else _in_words(result))
        if not result.ok:
            sys.exit(1)

    def _show(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done:,} of {total:,} leaves")
            sys.stderr.write("\n" if done >= total else "")


def _as_json(result: VerificationResult) -> str:
    return json.dumps(
        {
            "ok": result.ok,
            "size": result.size,
            "root": result.root.hex(),
            "pending": result.pending,
            "checkpoints": result.checkpoints,
            "against": result.against,
            "seconds": round(result.seconds, 3),
            "counts": result.counts,
            "findings": [
                {"code": each.code, "message": str(each), **each.place} for each in result.findings
            ],
        },
        ensure_ascii=False,
    )


def _in_words(result: VerificationResult) -> str:
    lines = [
        f"{result.size:,} leaves derived again from their records in {result.seconds:.1f} s; "
        f"{result.checkpoints:,} checkpoints; {result.pending:,} records not yet placed.",
    ]
    if result.against is not None:
        lines.append(f"Compared with an outside checkpoint of {result.against:,} leaves.")
    lines += [f"✗ {finding}" for finding in result.findings]
    hidden = sum(result.counts.values()) - len(result.findings)
    if hidden:
        lines.append(f"✗ … and {hidden:,} more findings.")
    lines.append("The log holds." if result.ok else "The log does NOT hold.")
    return "\n".join(lines)
