"""What the tests of exports share."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import uuid
from pathlib import Path

from audit.export import building, requests, verifier
from audit.models import Export
from core.actor import Actor
from core.roles import Role
from tests.audit.builders import NOW, staff

VERIFIER = Path(verifier.__file__)
WORDS = {"reason": "Letter 12", "recipient": "监管局"}


def run_verifier(bag: Path, *arguments: str, python: str = sys.executable):
    """The stand-alone verifier in a process without site packages or environment."""
    return subprocess.run(
        [python, "-I", "-S", str(VERIFIER), str(bag), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )


def requested(*, by: Actor | None = None, now: dt.datetime = NOW, **scope: object) -> Export:
    """An export that somebody asked for."""
    by = by or staff(Role.AUDITOR, now=now)
    return requests.request_export(**{**WORDS, **scope}, actor=by, now=now)


def approved(*, by: Actor | None = None, now: dt.datetime = NOW, **scope: object) -> Export:
    """An export that a second person let be built."""
    export = requested(now=now, **scope)
    by = by or staff(Role.PRIVACY_OFFICER, now=now)
    return requests.approve_export(export_id=export.pk, actor=by, now=now)


def ready(*, now: dt.datetime = NOW, **scope: object) -> Export:
    """A finished export."""
    return building.build_export(export_id=approved(now=now, **scope).pk, now=now)


def built(notice: uuid.UUID, **scope: object) -> Path:
    """The bag of one notice."""
    return Path(ready(notice=notice, **scope).path)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]
