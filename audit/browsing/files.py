"""Records as lines of a file, read in blocks so that memory stays bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from audit import store
from audit.export import verifier
from audit.leaf import leaf_of_row

_BLOCK = 500

_ROWS = f"""
SELECT l.index, {store.ROW} FROM audit_record r LEFT JOIN audit_leaf l ON l.record = r.id
WHERE r.id = ANY(%s::uuid[]) ORDER BY r.id DESC
"""  # noqa: S608

LAYOUTS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def lines(ids: Sequence[UUID], layout: str) -> Iterator[bytes]:
    """The file of `layout`, record by record: a table with neutralised cells, or the exact bytes
    that the log commits to, one a line."""
    if layout == "csv":
        yield verifier.csv_head()
    line: Callable[[int | None, bytes], bytes] = _LINES[layout]
    for start in range(0, len(ids), _BLOCK):
        wanted = "{" + ",".join(each.hex for each in ids[start : start + _BLOCK]) + "}"
        with store.binary() as cursor:
            rows = cursor.execute(_ROWS, [wanted], binary=True).fetchall()
        yield b"".join(line(index, leaf_of_row(*row)) for index, *row in rows)


def _csv(index: int | None, leaf: bytes) -> bytes:
    return verifier.csv_row(index, json.loads(leaf))  # type: ignore[arg-type]


def _jsonl(_index: int | None, leaf: bytes) -> bytes:
    return leaf + b"\n"


_LINES = {"csv": _csv, "jsonl": _jsonl}
