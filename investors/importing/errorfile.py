"""The file of rejected rows: the file's own columns, and three more that say where and why.

It can be mended in a spreadsheet and imported again: the importer knows its own columns and
ignores them. Cells that a spreadsheet would run are written with an apostrophe before them; the
importer takes it off again.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from audit import sealing
from investors.importing.columns import OWN_COLUMNS
from investors.importing.rows import Rejected
from investors.models import ImportBatch, ImportRejection
from investors.rules import reason

_RUNS = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"


def explain(headers: list[str], cells: list[str], problems: list[dict[str, Any]]) -> str:
    """Every reason of a row in the reader's language, each with its column where it has one."""
    sentences = []
    for problem in problems:
        column = problem["column"]
        at = headers.index(column) if column in headers else -1
        value = cells[at].strip() if 0 <= at < len(cells) else ""
        words = reason(problem["code"], problem["args"], value=value)
        sentences.append(
            _("%(column)s: %(reason)s") % {"column": column, "reason": words} if column else words
        )
    return " ".join(sentences)


def as_json(rejected: Rejected) -> list[dict[str, Any]]:
    """The problems of a row as the database keeps them: nothing personal."""
    return [
        {"column": problem.column, "code": problem.code, "args": problem.args}
        for problem in rejected.problems
    ]


class Explained(NamedTuple):
    """A rejected row in words, as a page lists it."""

    line: int
    columns: str
    reason: str


class ErrorFile:
    """Writes rejected rows as they come: CSV, UTF-8 with a byte-order mark, as spreadsheets
    expect it. The file is made with the first row; without one there is none."""

    def __init__(self, path: Path | None, headers: list[str]) -> None:
        self._path = path
        self._headers = headers
        self._out: Any = None
        self._writer: Any = None

    def write(self, rejected: Rejected) -> None:
        """Add one row."""
        if self._path is None:
            return
        if self._out is None:
            self._out = self._path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._out)
            self._writer.writerow(_header(self._headers))
        self._writer.writerow(
            _line(self._headers, rejected.line, rejected.cells, as_json(rejected))
        )

    def close(self) -> None:
        """Finish the file."""
        if self._out is not None:
            self._out.close()


def _header(headers: list[str]) -> list[str]:
    return [*(name for name in headers if name not in OWN_COLUMNS), *OWN_COLUMNS]


def _line(
    headers: list[str], line: int, cells: list[str], problems: list[dict[str, Any]]
) -> list[str]:
    padded = (cells + [""] * len(headers))[: len(headers)]
    shown = [
        inert(cell) for name, cell in zip(headers, padded, strict=True) if name not in OWN_COLUMNS
    ]
    named = dict.fromkeys(problem["column"] for problem in problems if problem["column"])
    return [*shown, str(line), "; ".join(named), explain(headers, cells, problems)]


def inert(cell: str) -> str:
    """The cell so that no spreadsheet runs it."""
    return "'" + cell if cell.startswith(_RUNS) else cell


def explained(batch: ImportBatch, limit: int) -> list[Explained]:
    """The first rejected rows of a batch with their reasons in words."""
    rejections = list(batch.rejections.order_by("pk")[:limit])
    key = sealing.keys_of([batch.pk]).get(batch.pk)
    headers = list(batch.mapping.get("headers", []))
    found = []
    for rejection in rejections:
        cells = _cells(key, rejection) if key else []
        named = dict.fromkeys(item["column"] for item in rejection.problems if item["column"])
        words = explain(headers, cells, rejection.problems)
        found.append(Explained(rejection.line, "; ".join(named), words))
    return found


def _cells(key: bytes, rejection: ImportRejection) -> list[str]:
    text = sealing.unseal_text(key, bytes(rejection.row_sealed), context="import.row")
    return list(json.loads(text))


def stored_rows(batch_id: UUID, headers: list[str]) -> Iterator[list[str]]:
    """The error file of a finished batch, row by row with its header, from the sealed rows."""
    key = sealing.key_of(batch_id)
    yield _header(headers)
    rejections = ImportRejection.objects.filter(batch_id=batch_id).order_by("pk")
    for rejection in rejections.iterator(chunk_size=2000):
        yield _line(headers, rejection.line, _cells(key, rejection), rejection.problems)
