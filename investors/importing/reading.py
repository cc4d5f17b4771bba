"""Files as rows of text, each with the line of the file on which it begins."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import openpyxl
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.sealedfile import SealedPath
from investors.importing import detecting
from investors.importing.detecting import MAX_LINE, Source, TextFacts

MAX_RECORD_LINES = 64
SAMPLE_ROWS = 8
_LOST = range(0xDC80, 0xDD00)  # what "surrogateescape" makes of an undecodable byte


class Problem(NamedTuple):
    """One thing wrong with a row. `column` is the header's text, "" for the row as a whole."""

    column: str
    code: str
    args: dict[str, int | str]


class RawRow(NamedTuple):
    """The cells of one row; `problem` says why it cannot even be read."""

    line: int
    cells: list[str]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What `sniff` found. `rows` is how many rows to expect: exact unless cells hold line
    breaks. `text` is None for a workbook."""

    path: Source
    headers: list[str]
    sample: list[list[str]]
    rows: int
    size: int
    text: TextFacts | None

    @property
    def encoding(self) -> str:
        """The encoding of a text file; "xlsx" for a workbook."""
        return self.text.encoding if self.text else "xlsx"

    @property
    def delimiter(self) -> str:
        """The separator of a text file; "" for a workbook."""
        return self.text.delimiter if self.text else ""


def sniff(path: Source, *, encoding: str = "", delimiter: str = "") -> FileFacts:
    """Kind, encoding, separator, header and first rows of a file.

    Raises InvalidInput when it is no text and no XLSX, is empty, or its header cannot be used.
    """
    if detecting.is_workbook(path):
        text, rows = None, _workbook_height(path)
        source = _workbook_rows(path)
    else:
        text = detecting.text_facts(path, encoding=encoding, delimiter=delimiter)
        rows = text.lines
        source = _text_rows(path, text)
    first = next(source, None)
    if first is None or first.problem:
        raise InvalidInput(_("The file has no readable header row."), code="header", field="file")
    headers = _headers(first.cells)
    sample = [row.cells for row in islice(source, SAMPLE_ROWS)]
    return FileFacts(path, headers, sample, max(rows - 1, 0), _size(path), text)


def _size(path: Source) -> int:
    return path.size() if isinstance(path, SealedPath) else path.stat().st_size


def read_rows(facts: FileFacts) -> Iterator[RawRow]:
    """Every row after the header, in file order; blank rows are passed over."""
    source = _text_rows(facts.path, facts.text) if facts.text else _workbook_rows(facts.path)
    next(source, None)
    width = len(facts.headers)
    for row in source:
        if row.problem is None and len(row.cells) != width:
            yield _fitted(row, width)
        else:
            yield row


def _fitted(row: RawRow, width: int) -> RawRow:
    """Blank cells too many or too few at the end are nothing; anything else is a shifted row."""
    if not any(cell.strip() for cell in row.cells[width:]) and len(row.cells) > width:
        return row._replace(cells=row.cells[:width])
    problem = Problem("", "column_count", {"found": len(row.cells), "expected": width})
    return row._replace(problem=problem)


def _headers(cells: list[str]) -> list[str]:
    headers = [cell.strip() for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    repeated = sorted({name for name in headers if name and headers.count(name) > 1})
    if repeated:
        raise InvalidInput(
            _("The header names the column “%(name)s” more than once.") % {"name": repeated[0]},
            code="header",
            field="file",
            details={"line": 1, "columns": repeated},
        )
    return headers


# --- text -----------------------------------------------------------------------------------


class _Lines:
    """Decoded physical lines for `csv.reader`, which pulls as many as a record needs.

    `record` holds the lines of the record being read, `faults` what was wrong with their bytes;
    `taken` counts physical lines handed out. Lines can be put back after a failed record.
    """

    def __init__(self, path: Source, facts: TextFacts) -> None:
        self._facts = facts
        self._source = self._decode(path)
        self._again: deque[tuple[str, Problem | None]] = deque()
        self.record: list[tuple[str, Problem | None]] = []
        self.faulty = False
        self.taken = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.record) >= MAX_RECORD_LINES:
            raise csv.Error("record too long")
        line = self._again.popleft() if self._again else next(self._source)
        self.record.append(line)
        self.taken += 1
        if line[1] is not None:
            self.faulty = True
        return line[0]

    def begin(self) -> None:
        """A new record starts with the next line."""
        self.record.clear()
        self.faulty = False

    def put_back(self) -> None:
        """Hand out all lines of this record but its first again."""
        self._again.extendleft(reversed(self.record[1:]))
        self.taken -= len(self.record) - 1

    def fault(self) -> Problem | None:
        """The first fault of this record's bytes."""
        return next((fault for _line, fault in self.record if fault), None)

    def _decode(self, path: Source) -> Iterator[tuple[str, Problem | None]]:
        facts = self._facts
        if facts.encoding.startswith("utf-16"):
            encoding = "utf-16" if facts.start else "utf-16-le"
            with (
                path.open("rb") as handle,
                io.TextIOWrapper(handle, encoding, "replace", "\n") as text,
            ):
                yield from ((line, None) for line in text)
            return
        encoding, offset = facts.encoding, 0
        for raw in detecting.raw_lines(path, facts.terminator):
            body = raw if offset else raw[facts.start :]
            fault = None
            try:
                line = body.decode(encoding)
            except UnicodeDecodeError as error:
                at = offset + len(raw) - len(body) + error.start
                fault = Problem("", "broken_bytes", {"offset": at, "encoding": encoding})
                line = body.decode(encoding, "surrogateescape")
            if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                fault, line = Problem("", "row_too_long", {"limit": MAX_LINE}), line[:200] + "\n"
            offset += len(raw)
            yield line, fault


def _text_rows(path: Source, facts: TextFacts) -> Iterator[RawRow]:
    """Rows of a delimited text file. A record whose quotation marks do not match costs its first
    line only: reading goes on with the next line."""
    lines = _Lines(path, facts)
    delimiter = facts.delimiter
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    headers: list[str] | None = None
    while True:
        lines.begin()
        start = lines.taken + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fault = lines.fault()
            code = "bad_quoting" if len(lines.record) < MAX_RECORD_LINES else "row_too_long"
            lines.put_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            problem = fault or Problem("", code, {"limit": MAX_RECORD_LINES})
            yield RawRow(start, [_readable(lines.record[0][0].rstrip("\r\n"))], problem)
            continue
        if lines.faulty:
            yield _broken(start, cells, lines.fault(), headers or [])
        elif any(cells) and (len(cells) > 1 or cells[0].strip()):
            yield RawRow(start, cells)
        headers = headers or cells


def _broken(line: int, cells: list[str], fault: Problem | None, headers: list[str]) -> RawRow:
    """The row with lost bytes shown as U+FFFD, and the column of the first of them named."""
    assert fault is not None
    column = ""
    for at, cell in enumerate(cells):
        if any(ord(character) in _LOST for character in cell):
            column = headers[at] if at < len(headers) else ""
            break
    return RawRow(line, [_readable(cell) for cell in cells], fault._replace(column=column))


def _readable(cell: str) -> str:
    return "".join("\ufffd" if ord(c) in _LOST else c for c in cell)


# --- workbooks ------------------------------------------------------------------------------


def _workbook_height(path: Source) -> int:
    with path.open("rb") as handle:
        book = openpyxl.load_workbook(handle, read_only=True)
        try:
            return int(book.worksheets[0].max_row or 0) if book.worksheets else 0
        finally:
            book.close()


def _workbook_rows(path: Source) -> Iterator[RawRow]:
    """Rows of the first sheet; `line` is the sheet's row number. Formulas stay formulas, so that
    they are refused instead of trusted."""
    handle = path.open("rb")
    try:
        book = openpyxl.load_workbook(handle, read_only=True, data_only=False)
    except Exception as error:  # openpyxl lets many parsers' errors through
        handle.close()
        raise InvalidInput(
            _("The workbook cannot be opened: it is damaged or protected."),
            code="file_kind",
            field="file",
        ) from error
    width = 0
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for line, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = [_cell_text(value) for value in values]
            if not any(cell.strip() for cell in cells):
                continue
            width = width or len(cells)
            yield RawRow(line, cells + [""] * (width - len(cells)))
    finally:
        book.close()
        handle.close()


def _cell_text(value: object) -> str:
    """A cell as the text a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    text = getattr(value, "text", None)  # an array formula
    return f"={text}" if text is not None else str(value)
