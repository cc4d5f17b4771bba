"""Writing the files of an export from one snapshot of the database."""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

from audit import keys, merkle, note, sequencer, store
from audit.export import report, verifier
from audit.export.bag import Bag
from audit.export.scope import Scope, scope_of
from audit.export.summary import Summary
from audit.leaf import leaf_of_row
from audit.models import Export
from core.clock import isoformat
from core.errors import Conflict

_HERE = Path(__file__).parent
_BATCH = 2048

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: records, those in scope that the log does not hold yet, the log's size
    at the checkpoint, and the SHA-256 of the payload manifest."""

    records: int
    missing: int
    size: int
    manifest: str


@dataclass(frozen=True, slots=True)
class _Source:
    """Where records come from: one snapshot, its checkpoint, the scope."""

    rows: psycopg.Connection[Any]
    rest: psycopg.Connection[Any]
    scope: Scope
    checkpoint: note.Checkpoint
    signed: str


def write_bag(
    export: Export, directory: Path, *, now: dt.datetime, progress: Progress | None
) -> Made:
    """Write the whole bag into `directory` and check it with its own verifier.

    Raises Conflict when there is no checkpoint yet, when a record contradicts its leaf, or when
    the verifier finds fault; LedgerForked when the log refuses to go on.
    """
    sequencer.catch_up(now=now)
    key = str(keys.verifier_key())
    with store.snapshot(2) as (rows, rest):
        checkpoint, signed = _newest(rest)
        source = _Source(rows, rest, scope_of(export, rest), checkpoint, signed)
        total, missing = _count(source)
        bag, summary = Bag(directory), Summary()
        _write_records(source, bag, summary, _reporter(export, total, progress))
    statement = _statement(export, source, summary.records, missing, now)
    bag.add("data/statement.json", _pretty(statement))
    bag.add("data/checkpoint", signed.encode())
    bag.add("data/key", f"{key}\n".encode())
    bag.add("data/verify.py", (_HERE / "verifier.py").read_bytes())
    bag.add("data/README.txt", (_HERE / "README.txt").read_bytes())
    bag.add("data/report.pdf", report.render(export, statement, summary, key))
    manifest = bag.close(_info(export, summary, checkpoint), now=now)
    _check(directory, key)
    return Made(summary.records, missing, checkpoint.size, manifest)


def _newest(driver: psycopg.Connection[Any]) -> tuple[note.Checkpoint, str]:
    row = driver.execute("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        raise Conflict(_("The log has no signed checkpoint yet."), code="no_checkpoint")
    opened = note.open_checkpoint(row[0].encode(), keys.verifier_key())
    return opened.checkpoint, row[0]


def _count(source: _Source) -> tuple[int, int]:
    """How many records in scope the checkpoint covers, and how many it does not."""
    query = (
        "SELECT count(*) FILTER (WHERE l.index < %s), "  # noqa: S608
        "count(*) FILTER (WHERE l.index IS NULL OR l.index >= %s) "
        "FROM audit_record r LEFT JOIN audit_leaf l ON l.record = r.id "
        f"WHERE {source.scope.condition}"
    )
    size = source.checkpoint.size
    cursor = store.binary(source.rest)
    row = cursor.execute(query, [size, size, *source.scope.parameters]).fetchone()
    assert row is not None
    return row[0], row[1]


def _write_records(
    source: _Source, bag: Bag, summary: Summary, tell: Callable[[int], None]
) -> None:
    with (
        bag.open("data/records.jsonl") as records,
        bag.open("data/records.csv") as table,
        bag.open("data/proofs/inclusion.jsonl") as proofs,
    ):
        table.write(verifier.csv_head())
        for batch in _batches(source):
            parsed = [json.loads(leaf) for _index, leaf in batch]
            records.write(b"".join(leaf + b"\n" for _index, leaf in batch))
            for (index, _leaf), entry in zip(batch, parsed, strict=True):
                table.write(verifier.csv_row(index, entry))
                summary.add(entry)
            indices = [index for index, _leaf in batch]
            proofs.write(_proof_lines(source, indices, [entry["id"] for entry in parsed]))
            tell(summary.records)


def _batches(source: _Source) -> Iterator[list[tuple[int, bytes]]]:
    """(index, leaf bytes) of the records in scope in log order, each compared with its leaf."""
    rows = store.binary(source.rows).stream(
        f"SELECT l.index, l.hash, {store.ROW} FROM audit_record r "  # noqa: S608
        "JOIN audit_leaf l ON l.record = r.id "
        f"WHERE {source.scope.condition} AND l.index < %s ORDER BY l.index",
        [*source.scope.parameters, source.checkpoint.size],
        binary=True,
        size=1000,
    )
    batch: list[tuple[int, bytes]] = []
    for index, stored, *row in rows:
        leaf = leaf_of_row(*row)
        if merkle.leaf_hash(leaf) != stored:
            raise Conflict(
                _("Record %(record)s contradicts the log; verify the ledger.") % {"record": row[0]},
                code="record_altered",
                details={"record": row[0], "index": index},
            )
        batch.append((index, leaf))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _proof_lines(source: _Source, indices: list[int], records: list[str]) -> bytes:
    def read(tiles: Any) -> Any:
        return store.read_tiles(tiles, source.rest)

    paths = merkle.inclusion_proofs(indices, source.checkpoint.size, read)
    lines = []
    for index, record, path in zip(indices, records, paths, strict=True):
        hashes = '","'.join(b64encode(node).decode() for node in path)
        listed = f'"{hashes}"' if path else ""
        lines.append(f'{{"index":{index},"proof":[{listed}],"record":"{record}"}}\n')
    return "".join(lines).encode()


def _reporter(export: Export, total: int, progress: Progress | None) -> Callable[[int], None]:
    """Tells the caller, and the page that shows the export, how far the work is."""
    Export.objects.filter(pk=export.pk).update(total=total)

    def tell(done: int) -> None:
        Export.objects.filter(pk=export.pk).update(records=done)
        if progress is not None:
            progress(done, total)

    return tell


def _statement(
    export: Export, source: _Source, records: int, missing: int, now: dt.datetime
) -> dict[str, Any]:
    return {
        "format": "vouchsafe-export-1",
        "export": str(export.pk),
        "made_at": isoformat(now),
        "scope": source.scope.statement(),
        "records": records,
        "records_not_yet_in_the_log": missing,
        "checkpoint": {
            "origin": source.checkpoint.origin,
            "size": source.checkpoint.size,
            "root": b64encode(source.checkpoint.root).decode(),
        },
    }


def _pretty(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _info(export: Export, summary: Summary, checkpoint: note.Checkpoint) -> dict[str, str]:
    return {
        "Bag-Software-Agent": "Vouchsafe",
        "External-Identifier": str(export.pk),
        "Internal-Sender-Description": f"{summary.records} records of {checkpoint.origin}",
    }


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
