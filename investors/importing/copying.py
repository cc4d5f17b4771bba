"""Rows in PostgreSQL's binary COPY format: cheaper to make here and to take in there than text.

Each function gives one field: its length as four bytes, then its value as the type's `recv`
function expects it (PostgreSQL documentation, COPY, “Binary Format”). A column must have exactly
the type that the function names: nothing is converted on the way.
"""

from __future__ import annotations

import datetime as dt
import struct
from functools import lru_cache

from django.db import connection

NULL = struct.pack(">i", -1)
UUID_HEAD = struct.pack(">i", 16)  # before the sixteen bytes of a uuid
YES, NO = struct.pack(">ib", 1, 1), struct.pack(">ib", 1, 0)  # boolean

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_VARCHAR = 1043  # the type's oid, the same in every database
_HEADS = [struct.pack(">i", length) for length in range(512)]


def row_head(columns: int) -> bytes:
    """What every row of so many columns begins with."""
    return struct.pack(">h", columns)


def raw(value: bytes) -> bytes:
    """A `bytea`; also `text` and `varchar` as UTF-8."""
    size = len(value)
    return (_HEADS[size] if size < 512 else struct.pack(">i", size)) + value


@lru_cache(4096)
def word(value: str) -> bytes:
    """A `varchar` or `text` of a vocabulary."""
    return raw(value.encode())


def uuid_field(value: bytes) -> bytes:
    """A `uuid`, from its sixteen bytes."""
    return UUID_HEAD + value


def timestamp(value: dt.datetime) -> bytes:
    """A `timestamptz`."""
    return struct.pack(">iq", 8, (value - _EPOCH) // dt.timedelta(microseconds=1))


@lru_cache(4096)
def date(value: dt.date | None) -> bytes:
    """A `date`."""
    return NULL if value is None else struct.pack(">ii", 4, (value - _EPOCH.date()).days)


@lru_cache(4096)
def time(value: dt.time | None) -> bytes:
    """A `time`."""
    if value is None:
        return NULL
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return struct.pack(">iq", 8, seconds * 1_000_000 + value.microsecond)


@lru_cache(64)
def smallint(value: int) -> bytes:
    """A `smallint`."""
    return struct.pack(">ih", 2, value)


@lru_cache(4096)
def words(values: tuple[str, ...]) -> bytes:
    """A `varchar[]`."""
    if not values:
        return raw(struct.pack(">iii", 0, 0, _VARCHAR))
    head = struct.pack(">iiiii", 1, 0, _VARCHAR, len(values), 1)
    return raw(head + b"".join(raw(value.encode()) for value in values))


def copy_rows(table: str, columns: str, rows: bytes) -> None:
    """Write encoded `rows` with one COPY in the caller's transaction. `table` and `columns` are
    names of this code base, never user input."""
    if not rows:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(b"".join((_SIGNATURE, rows, _TRAILER)))
