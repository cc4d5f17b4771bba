"""Tables for spreadsheets: UTF-8 with the mark by which they know it, lines as RFC 4180 writes
them, and no cell that is computed. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final

MARK: Final = b"\xef\xbb\xbf"
# Excel, LibreOffice and Sheets take a cell that begins so for a formula; some skip blanks first.
_RISKY = re.compile(r"[\s\0]*[=+\-@＝＋－＠]|[\t\r\n\0]")
_QUOTED = re.compile('[",\r\n]')


def cell(value: object) -> str:
    """A value as a cell: an instant in RFC 3339 with its offset, None as nothing, and a text that
    could be taken for a formula behind a quote sign."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return "'" + text if _RISKY.match(text) else text


def line(cells: Iterable[object]) -> bytes:
    """One line of the table."""
    written = [
        '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
        for text in map(cell, cells)
    ]
    return (",".join(written) + "\r\n").encode()
