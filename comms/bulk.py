"""Set-based SQL for the hot path: server-side parameters, binary arrays, COPY.

Everything runs on Django's own connection, inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb


def fetch(query: LiteralString, params: Sequence[Any] = ()) -> list[Any]:
    """All rows of `query`; values travel in binary, so arrays of thousands are cheap."""
    with _cursor() as cursor:
        return cursor.execute(query, params, binary=True).fetchall()


def execute(query: LiteralString, params: Sequence[Any] = ()) -> int:
    """Run `query`; returns the number of rows it touched."""
    with _cursor() as cursor:
        return cursor.execute(query, params).rowcount


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY `rows` into `table`."""
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns)),
    )
    with _cursor() as cursor, cursor.copy(statement) as out:
        write = out.write_row
        for row in rows:
            write(row)


def jsonb(value: Any) -> Jsonb:
    """A value for a jsonb column."""
    return Jsonb(value)


def try_lock(subject: UUID) -> bool:
    """Take the transaction's advisory lock on `subject`; False when somebody else has it."""
    key = int.from_bytes(subject.bytes[8:], "big", signed=True)
    return bool(fetch("SELECT pg_try_advisory_xact_lock(%s)", [key])[0][0])


def _cursor() -> psycopg.Cursor[Any]:
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)
