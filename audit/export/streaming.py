"""The records of an export as they stream out of the database: each compared with its leaf,
written in three forms, in parts that outlive the process.

Places (index, id) come from one query in log order, rows from primary keys, two thousand at a
time, so that the work for a record does not grow with the log.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

from audit import note, store
from audit.export import gaps, verifier
from audit.export.bag import Sink
from audit.export.parts import PROOFS, RECORDS, TABLE, Parts
from audit.export.scope import Scope
from audit.export.summary import Summary
from core.errors import Conflict

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from: one snapshot seen by two connections, its checkpoint, the scope."""

    rows: psycopg.Connection[Any]
    rest: psycopg.Connection[Any]
    scope: Scope
    checkpoint: note.Checkpoint
    signed: str


def count(
    scope: Scope, checkpoint: note.Checkpoint, driver: psycopg.Connection[Any]
) -> tuple[int, int]:
    """How many records in scope the checkpoint covers, and how many it does not."""
    query = (
        "SELECT count(*) FILTER (WHERE l.index < %s), "  # noqa: S608
        "count(*) FILTER (WHERE l.index IS NULL OR l.index >= %s) "
        "FROM audit_record r LEFT JOIN audit_leaf l ON l.record = r.id "
        f"WHERE {scope.condition}"
    )
    size = checkpoint.size
    row = store.binary(driver).execute(query, [size, size, *scope.parameters]).fetchone()
    assert row is not None
    return row[0], row[1]


def write_records(source: Source, parts: Parts, tell: Callable[[int], None]) -> Summary:
    """Write what the parts that are already kept do not hold, and keep it part by part."""
    summary = parts.summary
    if parts.whole:
        return summary
    if not summary.records:
        parts[TABLE].start(verifier.csv_head())
    proving = Proving(source, parts[PROOFS], parts.cursor)
    for batch in _batches(source, parts.cursor):
        _write_batch(batch, parts, proving, summary)
        parts.keep_when_due(batch[-1][0] + 1)
        tell(summary.records)
    proving.end()
    parts.keep(source.checkpoint.size, whole=True)
    return summary


def _write_batch(
    batch: list[tuple[int, bytes, bytes]], parts: Parts, proving: Proving, summary: Summary
) -> None:
    entries = [json.loads(leaf.decode()) for _index, _hash, leaf in batch]
    parts[RECORDS].write(b"\n".join([leaf for _index, _hash, leaf in batch]) + b"\n")
    rows = []
    for (index, _hash, _leaf), entry in zip(batch, entries, strict=True):
        rows.append(verifier.csv_row(index, entry))
        summary.add(entry)
    parts[TABLE].write(b"".join(rows))
    proving.write(
        [index for index, _hash, _leaf in batch],
        [leaf_hash for _index, leaf_hash, _leaf in batch],
        [entry["id"] for entry in entries],
    )


class Proving:
    """Writes `inclusion.jsonl`: one line for each record, with the subtrees of the log between
    the record before and this one; the last line has those behind the last record."""

    def __init__(self, source: Source, out: Sink, start: int) -> None:
        self._size = source.checkpoint.size
        self._nodes = gaps.Nodes(self._size, lambda tiles: store.read_tiles(tiles, source.rest))
        self._out = out
        self._next = start  # the first leaf that nothing stands for yet

    def write(self, indices: list[int], hashes: list[bytes], records: list[str]) -> None:
        """The lines of one batch, in log order."""
        starts = [self._next, *(index + 1 for index in indices[:-1])]
        between = [
            list(gaps.subtrees(start, index)) if start < index else []
            for start, index in zip(starts, indices, strict=True)
        ]
        given = iter(self._given([node for nodes in between for node in nodes]))
        lines = []
        for index, leaf, record, nodes in zip(indices, hashes, records, between, strict=True):
            before = ",".join([next(given) for _node in nodes]) if nodes else ""
            lines.append(
                f'{{"before":[{before}],"index":{index},'
                f'"leaf":"{b64encode(leaf).decode()}","record":"{record}"}}\n'
            )
        self._out.write("".join(lines).encode())
        self._next = indices[-1] + 1

    def end(self) -> None:
        """The last line."""
        after = self._given(list(gaps.subtrees(self._next, self._size)))
        self._out.write(f'{{"after":[{",".join(after)}],"size":{self._size}}}\n'.encode())

    def _given(self, nodes: list[gaps.Node]) -> list[str]:
        hashes = self._nodes.hashes(nodes)
        return [
            f'"{level}:{b64encode(digest).decode()}"'
            for (level, _index), digest in zip(nodes, hashes, strict=True)
        ]


def _batches(source: Source, start: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    """(index, hash, leaf bytes) of the records in scope from index `start` on, in log order, each
    compared with its leaf. One connection streams places, the other fetches the rows at them, so
    that the database sorts places and not rows."""
    places = store.binary(source.rows).stream(
        "SELECT l.index, r.id FROM audit_record r "  # noqa: S608
        "JOIN audit_leaf l ON l.record = r.id "
        f"WHERE {source.scope.condition} AND l.index >= %s AND l.index < %s ORDER BY l.index",
        [*source.scope.parameters, start, source.checkpoint.size],
        binary=True,
        size=_BATCH,
    )
    store.by_index(source.rest)  # else each batch merges the log's whole index from its beginning
    batch: list[tuple[int, Any]] = []
    for place in places:
        batch.append(place)
        if len(batch) == _BATCH:
            yield _fetch(source, batch)
            batch = []
    if batch:
        yield _fetch(source, batch)


_ROWS = f"""
SELECT w.index, l.hash, {store.LEAF}
FROM unnest(%s::bigint[], %s::uuid[]) AS w (index, id)
JOIN audit_leaf l ON l.index = w.index JOIN audit_record r ON r.id = w.id ORDER BY w.index
"""  # noqa: S608


def _fetch(source: Source, places: list[tuple[int, Any]]) -> list[tuple[int, bytes, bytes]]:
    with store.binary(source.rest) as cursor:
        cursor.execute(
            _ROWS, [[index for index, _id in places], [key for _index, key in places]], binary=True
        )
        found: list[tuple[int, bytes, bytes]] = cursor.fetchall()
    for index, stored, leaf in found:
        if sha256(b"\x00" + leaf).digest() != stored:
            raise _altered(index, dict(places)[index])
    if len(found) != len(places):
        raise Conflict(_("Records vanished while they were read."), code="record_altered")
    return found


def _altered(index: int, record: object) -> Conflict:
    return Conflict(
        _("Record %(record)s contradicts the log; verify the ledger.") % {"record": record},
        code="record_altered",
        details={"record": str(record), "index": index},
    )
