"""Writing the files of an export from one snapshot of the database.

What the first worker fixed (checkpoint, scope, counts) is kept in an `ExportBuild`, records in
parts (`parts.py`); the small files are written anew by whoever ends the work.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.utils.translation import gettext_lazy as _

from audit import keys, note, sequencer, store
from audit.export import attestations, report, verifier
from audit.export.bag import Bag
from audit.export.models import ExportBuild
from audit.export.parts import FILES, Parts
from audit.export.rules import Stage
from audit.export.scope import scope_of
from audit.export.streaming import Source, count, write_records
from audit.export.summary import Summary, outcomes
from audit.export.words import readme
from audit.keyring.statement import Keyring
from audit.models import Export
from audit.witnessing.services import ask_witnesses
from core import clock
from core.clock import isoformat
from core.errors import Conflict

_HERE = Path(__file__).parent
_TELL = 0.5  # seconds between two reports of progress

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: records, those in scope that the log does not hold yet, the log's size
    at the checkpoint, and the SHA-256 of the payload manifest."""

    records: int
    missing: int
    size: int
    manifest: str


def begin(export: Export, *, now: dt.datetime) -> ExportBuild:
    """Fix what the bag will hold: bring the log up to date, take its newest checkpoint, count.

    Raises Conflict when there is no checkpoint yet, LedgerForked when the log refuses to go on.
    """
    sequencer.catch_up(now=now)
    ask_witnesses(now=now)
    with store.snapshot(1) as (driver,):
        checkpoint, signed = _newest(driver, keys.keyring(driver))
        scope = scope_of(export, driver)
        total, missing = count(scope, checkpoint, driver)
    Export.objects.filter(pk=export.pk).update(total=total)
    return ExportBuild.objects.create(
        export=export,
        size=checkpoint.size,
        note=signed,
        versions=sorted(str(version) for version in scope.versions),
        total=total,
        missing=missing,
        begun_at=now,
        taken_at=now,
        beat_at=now,
    )


def write_bag(
    export: Export, build: ExportBuild, directory: Path, *, progress: Progress | None = None
) -> Made:
    """Write the bag into `directory`, or go on with one after its last whole part; check it with
    its own verifier.

    Raises Conflict when a record contradicts its leaf, or when the verifier finds fault.
    """
    _keep_only_parts(directory)
    parts = Parts(build, directory)
    with store.snapshot(2) as (rows, rest):
        ring = keys.keyring(rest)
        checkpoint = ring.open(build.note.encode()).checkpoint
        versions = tuple(UUID(version) for version in build.versions)
        scope = scope_of(export, rest, versions)
        source = Source(rows, rest, scope, checkpoint, build.note)
        summary = write_records(source, parts, _reporter(build, progress))
        bag = Bag(directory)
        bag.adopt(parts.close())
        summary.outcomes = outcomes(scope, checkpoint.size, rows)
        attested = attestations.write(bag, checkpoint, build.note, ring, rest)
    reach(build, Stage.CHECKING)
    statement = _statement(export, source, summary, build)
    bag.add("data/statement.json", _pretty(statement))
    key = str(ring.key_for(checkpoint.size))
    bag.add("data/verify.py", (_HERE / "verifier.py").read_bytes())
    bag.add("data/README.txt", readme(export, summary.records).encode())
    bag.add("data/report.pdf", report.render(export, statement, summary, key, attested))
    manifest = bag.close(_info(export, summary, checkpoint), now=build.begun_at, sign=_sign)
    _check(directory, key)
    return Made(summary.records, build.missing, checkpoint.size, manifest)


def reach(build: ExportBuild, stage: Stage) -> None:
    """Say what is being done now."""
    ExportBuild.objects.filter(pk=build.pk).update(stage=stage.value, beat_at=clock.now())


def _keep_only_parts(directory: Path) -> None:
    """Throw away whatever a killed worker wrote beside the growing files."""
    directory.mkdir(parents=True, mode=0o700, exist_ok=True)
    kept = {directory / name for name in FILES}
    for path in directory.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _newest(driver: psycopg.Connection[Any], ring: Keyring) -> tuple[note.Checkpoint, str]:
    row = driver.execute("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        raise Conflict(_("The log has no signed checkpoint yet."), code="no_checkpoint")
    opened = ring.open(row[0].encode())
    return opened.checkpoint, row[0]


def _reporter(build: ExportBuild, progress: Progress | None) -> Callable[[int], None]:
    """Tells the caller, and the page that shows the export, how far the work is; not more than
    twice a second, and at the end."""
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if time.monotonic() - told < _TELL and done < build.total:
            return
        told = time.monotonic()
        Export.objects.filter(pk=build.pk).update(records=done)
        ExportBuild.objects.filter(pk=build.pk).update(beat_at=clock.now())
        if progress is not None:
            progress(done, build.total)

    return tell


# --- what is said about them ----------------------------------------------------------------


def _statement(
    export: Export, source: Source, summary: Summary, build: ExportBuild
) -> dict[str, Any]:
    checkpoint = source.checkpoint
    return {
        "format": verifier.FORMAT,
        "export": str(export.pk),
        "watermark": export.watermark,
        "recipient": export.recipient,
        "reason": export.reason,
        "requested": {"by": f"user:{export.requested_by}", "at": isoformat(export.requested_at)},
        "approved": {
            "by": f"user:{export.decided_by}",
            "at": isoformat(export.decided_at) if export.decided_at else None,
        },
        "made_at": isoformat(build.begun_at),
        "scope": source.scope.statement(),
        "records": summary.records,
        "records_not_yet_in_the_log": build.missing,
        "completeness": (
            "Every record of the log within this scope, up to the checkpoint, is in this bag."
        ),
        "checkpoint": {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": b64encode(checkpoint.root).decode(),
        },
    }


def _pretty(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _info(export: Export, summary: Summary, checkpoint: note.Checkpoint) -> dict[str, str]:
    recipient = " ".join(export.recipient.split())
    return {
        "Bag-Software-Agent": "Vouchsafe",
        "External-Identifier": str(export.pk),
        "External-Description": f"Regulator export for {recipient}; watermark {export.watermark}",
        "Internal-Sender-Identifier": export.watermark,
        "Internal-Sender-Description": f"{summary.records} records of {checkpoint.origin}",
    }


def _sign(manifest: str) -> str:
    """The log's own signature on a payload manifest: the firm stands by every file of it."""
    signed = note.sign_note(verifier.signed_text(manifest), keys.signer())
    return bytes(signed).decode()


def _check(directory: Path, key: str) -> None:
    """Let the bag's own verifier judge it before anybody gets it."""
    try:
        verifier.check(directory, key)
    except verifier.Wrong as error:
        raise Conflict(
            _("The export does not pass its own verifier: %(why)s") % {"why": error},
            code="export_not_valid",
            details={"file": error.file},
        ) from None
