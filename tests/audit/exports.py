"""What the tests of exports share."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

from audit.export import service, verifier
from core.actor import system
from tests.audit.builders import NOW

VERIFIER = Path(verifier.__file__)


def run_verifier(bag: Path, *arguments: str, python: str = sys.executable):
    """The stand-alone verifier in a process without site packages or environment."""
    return subprocess.run(
        [python, "-I", "-S", str(VERIFIER), str(bag), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )


def built(notice: uuid.UUID, **options: object) -> Path:
    export = service.create_export(
        notice_id=notice, reason="Letter 12", recipient="监管局", actor=system("test"), now=NOW
    )
    return Path(service.build_export(export_id=export.pk, now=NOW, **options).path)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]
