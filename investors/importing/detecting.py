"""What kind of file this is: by its content, never by its name."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import charset_normalizer
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.sealedfile import SealedPath

Source = Path | SealedPath  # a file as it was given, or an upload, sealed

MAX_LINE = 1 << 20  # bytes; a longer line is no row
MAX_UNZIPPED = 4 << 30
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DELIMITERS = (",", ";", "\t", "|")
_WIDE = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]  # have a mark
_ENOUGH = 0.9  # share of the telling lines that must decode
_SAMPLE_LINES = 20_000
_XLSX = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How to read a text file. `start` is the length of its byte-order mark; `lines` counts
    line ends, `broken` the lines that do not decode."""

    encoding: str
    delimiter: str
    terminator: bytes
    start: int
    lines: int
    broken: int


def is_workbook(path: Source) -> bool:
    """True for XLSX, False for text; raises InvalidInput for anything else."""
    with path.open("rb") as handle:
        head = handle.read(65_536)
    if head.startswith(_XLSX):
        _check_workbook(path)
        return True
    if head.startswith(_OLE):
        raise InvalidInput(
            _("This is an old Excel file (.xls). Save it as .xlsx or as CSV and import that."),
            code="file_kind",
            field="file",
        )
    if not head.strip():
        raise InvalidInput(_("The file is empty."), code="file_empty", field="file")
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput(
            _("This is neither a text file nor an Excel workbook: byte %(offset)s is zero.")
            % {"offset": head.index(b"\0")},
            code="file_kind",
            field="file",
            details={"offset": head.index(b"\0")},
        )
    return False


def _check_workbook(path: Source) -> None:
    try:
        with path.open("rb") as handle, zipfile.ZipFile(handle) as archive:
            sizes = {item.filename: item.file_size for item in archive.infolist()}
    except zipfile.BadZipFile:
        sizes = {}
    if "xl/workbook.xml" not in sizes:
        raise InvalidInput(
            _("This archive is not an Excel workbook, or it is damaged."),
            code="file_kind",
            field="file",
        )
    if sum(sizes.values()) > MAX_UNZIPPED:
        raise InvalidInput(
            _("The workbook unpacks to more than %(limit)s GB.") % {"limit": MAX_UNZIPPED >> 30},
            code="file_too_large",
            field="file",
        )


def text_facts(path: Source, *, encoding: str = "", delimiter: str = "") -> TextFacts:
    """Look through the whole file once; what the caller names is taken as given.

    UTF-8 wins if nearly all lines that are not plain ASCII decode as UTF-8: other encodings
    hardly ever look like it. Then GB18030, if what comes out is common Chinese; then the guess of
    charset-normalizer. A few broken bytes do not change the answer: their rows are rejected.
    Raises InvalidInput for an encoding that Python does not know.
    """
    with path.open("rb") as handle:
        head = handle.read(MAX_LINE)
    start, marked = next(((len(bom), name) for bom, name in _BOMS if head.startswith(bom)), (0, ""))
    terminator = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    encoding = marked or _known(encoding)
    if encoding.startswith("utf-16"):
        lines, broken = _count_lines(path), 0
    else:
        encoding, lines, broken = _survey(path, terminator, encoding)
    if not delimiter:
        delimiter = _delimiter(head[start:].decode(encoding, "replace"))
    return TextFacts(encoding, delimiter, terminator, start, lines, broken)


def raw_lines(path: Source, terminator: bytes = b"\n") -> Iterator[bytes]:
    """The physical lines with their ends. Neither byte can be a part of a character in UTF-8,
    GB18030, Big5 or Shift-JIS. A line over MAX_LINE comes cut, without its end."""
    with path.open("rb") as handle:
        if terminator == b"\r":
            rest = b""
            while block := handle.read(MAX_LINE):
                *whole, rest = (rest + block).split(b"\r")
                yield from (line + b"\n" for line in whole)
            if rest:
                yield rest
            return
        while line := handle.readline(MAX_LINE):
            yield line
            while len(line) == MAX_LINE and not line.endswith(b"\n"):
                line = handle.readline(MAX_LINE)


def digest(path: Source) -> str:
    """Hex SHA-256 of the file."""
    with path.open("rb") as handle:
        found = hashlib.sha256()
        while block := handle.read(MAX_LINE):
            found.update(block)
        return found.hexdigest()


def _known(encoding: str) -> str:
    if encoding:
        try:
            "a".encode(encoding)
        except (LookupError, ValueError):
            raise InvalidInput(
                _("There is no encoding “%(name)s”.") % {"name": encoding}, field="encoding"
            ) from None
    return encoding.lower()


def _count_lines(path: Source) -> int:
    return sum(1 for line in raw_lines(path) if b"\n" in line)


def _survey(path: Source, terminator: bytes, given: str) -> tuple[str, int, int]:
    """(encoding, lines, broken lines)."""
    lines = telling = utf8_broken = 0
    sample: list[bytes] = []
    for line in raw_lines(path, terminator):
        lines += 1
        if line.isascii():
            continue
        telling += 1
        if len(sample) < _SAMPLE_LINES:
            sample.append(line)
        utf8_broken += not _decodes(line, given or "utf-8")
    if given or not telling or utf8_broken <= telling * (1 - _ENOUGH):
        return given or "utf-8", lines, utf8_broken
    gb_broken = sum(not _decodes(line, "gb18030") for line in sample)
    if gb_broken <= len(sample) * (1 - _ENOUGH) and _common_chinese(b"".join(sample[:2000])):
        return "gb18030", lines, gb_broken
    guess = charset_normalizer.from_bytes(b"".join(sample[:2000]), cp_exclusion=_WIDE).best()
    if guess is None:
        raise InvalidInput(
            _("The encoding of the file cannot be told. Name it (for example gb18030)."),
            code="encoding_unknown",
            field="encoding",
        )
    broken = sum(not _decodes(line, guess.encoding) for line in sample)
    return guess.encoding.replace("_", "-"), lines, broken


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _common_chinese(data: bytes) -> bool:
    """Whether GB18030 makes of `data` mostly characters of GB 2312, the everyday set: Big5 or
    Shift-JIS read as GB18030 do not."""
    others = [c for c in data.decode("gb18030", "ignore") if not c.isascii()]
    common = sum(bool(c.encode("gb2312", "ignore")) for c in others)
    return common >= 0.8 * len(others)


def _delimiter(head: str) -> str:
    """The separator that splits the first lines into the most columns, evenly."""
    lines = [line for line in head.splitlines()[:21] if line.strip()][:20]

    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in islice(csv.reader(lines, delimiter=delimiter), 20) if row]
        except csv.Error:
            return (0.0, 0)
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(_DELIMITERS, key=score)
