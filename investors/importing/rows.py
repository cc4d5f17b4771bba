"""From the cells of a row to one investor in normal form, or to the list of what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from investors.importing.columns import FIELDS, Mapping
from investors.importing.reading import Problem, RawRow
from investors.rules import contacts, vocabulary
from investors.rules.refusals import Refused

CONSENT_FIELDS = {
    "consent_sms": "channel.sms",
    "consent_email": "channel.email",
    "consent_push": "channel.push",
}
ATTRIBUTES = ("systems", "branches", "products", "access_channels")


class Row(NamedTuple):
    """One investor as the file states it. Fields without a column hold their defaults; blank
    contacts are "", a consent that the file leaves open is None."""

    line: int
    ref: str
    name: str
    phone: str
    email: str
    language: str
    time_zone: str
    risk_level: str
    preferred_channels: tuple[str, ...]
    consent_sms: bool | None
    consent_email: bool | None
    consent_push: bool | None
    quiet_hours: tuple[dt.time, dt.time] | None
    opened_on: dt.date | None
    cadence: str
    account_flags: tuple[str, ...]
    systems: tuple[str, ...]
    branches: tuple[str, ...]
    products: tuple[str, ...]
    access_channels: tuple[str, ...]

    @property
    def content(self) -> str:
        """All that is stated, as text, without the line: what a fingerprint is taken of."""
        return repr(self[1:])


class Rejected(NamedTuple):
    """A row that is not imported, with its cells as read and everything that is wrong."""

    line: int
    cells: list[str]
    problems: list[Problem]


def _typed(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """`convert` on cells that people fill in freely: an apostrophe that marks text in a
    spreadsheet (as our own error file does before = + - @) is taken off."""

    def read(cell: str) -> Any:
        if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t"):
            cell = cell[1:]
        return convert(cell)

    return read


_CONVERT: dict[str, Callable[[str], Any]] = {
    "ref": _typed(contacts.normal_ref),
    "name": _typed(contacts.normal_name),
    "phone": _typed(contacts.normal_phone),
    "email": _typed(contacts.normal_email),
    "language": vocabulary.language,
    "time_zone": vocabulary.time_zone,
    "risk_level": vocabulary.risk_level,
    "preferred_channels": vocabulary.channels,
    "consent_sms": vocabulary.consent,
    "consent_email": vocabulary.consent,
    "consent_push": vocabulary.consent,
    "quiet_hours": vocabulary.quiet_hours,
    "opened_on": vocabulary.date,
    "cadence": vocabulary.cadence,
    "account_flags": vocabulary.flags,
    **dict.fromkeys(ATTRIBUTES, vocabulary.attributes),
}
_DEFAULTS: dict[str, Any] = {
    "name": "",
    "phone": "",
    "email": "",
    "language": vocabulary.DEFAULT_LANGUAGE,
    "time_zone": vocabulary.DEFAULT_TIME_ZONE,
    "risk_level": "",
    "preferred_channels": (),
    "consent_sms": None,
    "consent_email": None,
    "consent_push": None,
    "quiet_hours": None,
    "opened_on": None,
    "cadence": vocabulary.DEFAULT_CADENCE,
    "account_flags": (),
    **dict.fromkeys(ATTRIBUTES, ()),
}


def interpreter(headers: list[str], mapping: Mapping) -> Callable[[RawRow], Row | Rejected]:
    """A function that reads the rows of a file with these headers under this mapping.

    It reports every problem of a row, in the order of the fields, not only the first.
    """
    plan: list[tuple[int, str, Callable[[str], Any], Any]] = []
    for name in FIELDS:
        header = mapping.columns.get(name)
        if header is None:
            plan.append((-1, "", _CONVERT[name], _DEFAULTS[name]))
        else:
            convert = _CONVERT[name]
            if table := mapping.values.get(name):
                convert = _substituting(convert, table)
            plan.append((headers.index(header), header, convert, None))

    def read(raw: RawRow) -> Row | Rejected:
        if raw.problem is not None:
            return Rejected(raw.line, raw.cells, [raw.problem])
        cells = raw.cells
        values: list[Any] = [raw.line]
        problems: list[Problem] = []
        for index, header, convert, default in plan:
            if index < 0:
                values.append(default)
                continue
            try:
                values.append(convert(cells[index]))
            except Refused as refused:
                problems.append(Problem(header, refused.code, refused.args_))
        return Rejected(raw.line, cells, problems) if problems else Row._make(values)

    return read


def _substituting(convert: Callable[[str], Any], table: dict[str, str]) -> Callable[[str], Any]:
    def read(cell: str) -> Any:
        return convert(table.get(cell.strip(), cell))

    return read
