"""Set-based SQL for the hot path: server-side parameters, array literals, COPY.

Everything runs on Django's own connection, inside the caller's transaction. Arrays and COPY rows
are written as PostgreSQL's own text: much cheaper than adapting each value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from django.db import connection

from core.clock import isoformat

NULL = "\\N"
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)


def fetch(query: LiteralString, params: Sequence[Any] = ()) -> list[Any]:
    """All rows of `query`, read in binary."""
    with _cursor() as cursor:
        return cursor.execute(query, params, binary=True).fetchall()


def execute(query: LiteralString, params: Sequence[Any] = ()) -> int:
    """Run `query`; returns the number of rows it touched."""
    with _cursor() as cursor:
        return cursor.execute(query, params).rowcount


def uuids(values: Iterable[UUID | None]) -> str:
    """A `uuid[]` literal."""
    return "{" + ",".join([value.hex if value else "NULL" for value in values]) + "}"


def numbers(values: Iterable[int]) -> str:
    """An `int[]` literal; booleans make a `bool[]` one."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str]) -> str:
    """A `text[]` literal."""
    return (
        "{"
        + ",".join(
            [
                f'"{value}"'
                if value.isalnum()
                else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
                for value in values
            ]
        )
        + "}"
    )


def blobs(values: Iterable[bytes]) -> str:
    """A `bytea[]` literal."""
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def instants(values: Iterable[dt.datetime]) -> str:
    """A `timestamptz[]` literal."""
    return "{" + ",".join([isoformat(value) for value in values]) + "}"


def escaped(text: str) -> str:
    """`text` as a field of COPY's text format."""
    return text.translate(_ESCAPES)


def copy_lines(table: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    """COPY lines in text format: fields between tabs, each line ended."""
    if not lines:
        return
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns)),
    )
    with _cursor() as cursor, cursor.copy(statement) as out:
        out.write("".join(lines))


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows of Python values."""
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns)),
    )
    with _cursor() as cursor, cursor.copy(statement) as out:
        write = out.write_row
        for row in rows:
            write(row)


def try_lock(subject: UUID) -> bool:
    """Take the transaction's advisory lock on `subject`; False when somebody else has it."""
    key = int.from_bytes(subject.bytes[8:], "big", signed=True)
    return bool(fetch("SELECT pg_try_advisory_xact_lock(%s)", [key])[0][0])


def _cursor() -> psycopg.Cursor[Any]:
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)
