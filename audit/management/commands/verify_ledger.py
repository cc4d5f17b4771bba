"""Verify the whole log."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.verify import VerificationResult, verify_log
from core import clock


class Command(BaseCommand):
    help = (
        "Re-derive the whole log from its rows and compare it with every checkpoint. "
        "Progress goes to standard error. Exit code 0: it holds; 1: it does not; 2: wrong usage."
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
        result = verify_log(now=clock.now(), against=text, progress=_Meter(sys.stderr))
        self.stdout.write(_as_json(result) if json else _in_words(result))
        if not result.ok:
            sys.exit(1)


class _Meter:
    """Progress on standard error: in place on a terminal, a line now and then elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._terminal = out, out.isatty()
        self._started = self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._last < (0.2 if self._terminal else 10):
            return
        self._last = now
        rate = done / max(now - self._started, 0.001)
        left = (total - done) / max(rate, 1)
        text = f"{done:,} of {total:,} leaves, {rate:,.0f}/s, {_duration(left)} left"
        if self._terminal:
            self._out.write(f"\r{text:<78}" + ("\n" if done >= total else ""))
        else:
            self._out.write(text + "\n")
        self._out.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _as_json(result: VerificationResult) -> str:
    return json.dumps(
        {
            "ok": result.ok,
            "size": result.size,
            "root": result.root.hex(),
            "pending": result.pending,
            "checkpoints": result.checkpoints,
            "cosignatures": result.attested.cosignatures,
            "timestamps": result.attested.timestamps,
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
        f"{result.checkpoints:,} checkpoints, {result.attested.cosignatures:,} cosignatures, "
        f"{result.attested.timestamps:,} time-stamps; {result.pending:,} records not yet placed.",
    ]
    if result.against is not None:
        lines.append(f"Compared with an outside checkpoint of {result.against:,} leaves.")
    lines += [f"✗ {finding}" for finding in result.findings]
    hidden = sum(result.counts.values()) - len(result.findings)
    if hidden:
        lines.append(f"✗ … and {hidden:,} more findings.")
    lines.append("The log holds." if result.ok else "The log does NOT hold.")
    return "\n".join(lines)
