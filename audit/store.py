"""The ledger's tables as the tree code sees them: rows as text, tiles by coordinate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from audit.leaf import LAYOUT, leaf_of_row
from audit.merkle import Tile

_INSTANT = """to_char(r.{0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

ROW = ", ".join(
    [
        "r.id::text",
        _INSTANT.format("occurred_at"),
        _INSTANT.format("recorded_at"),
        "r.action",
        "r.actor",
        *(
            f"r.{name}::text"
            for name in (
                "notice", "delivery", "investor", "template", "version", "incident", "staff",
            )
        ),
        "r.object",
        "r.payload::text",
        "r.sealed",
    ]
)  # fmt: skip
"""The columns of `audit_record r` in the order and spelling of `audit.leaf.leaf_of_row`."""

_SUBJECTS = ", ".join(
    f"""'"{name}":"' || r.{name}::text || '"'"""
    if name != "object"
    else """'"object":' || to_json(r.object)::text"""
    for name in (
        "delivery", "incident", "investor", "notice", "object", "staff", "template", "version",
    )
)  # fmt: skip
LEAF = f"""convert_to(concat(
    '{{"action":"', r.action, '","actor":"', r.actor, '","id":"', r.id::text,
    '","occurred_at":"', {_INSTANT.format("occurred_at")},
    '","payload":', r.payload::text, ',"recorded_at":"', {_INSTANT.format("recorded_at")}, '",',
    '"sealed":"' || encode(sha256(r.sealed), 'hex') || '",',
    '"subjects":{{', concat_ws(',', {_SUBJECTS}), '}},"v":{LAYOUT}}}'), 'UTF8')"""
"""`audit.leaf.leaf_of_row` in SQL. The sequencer hashes with this one, verification with the
other: two implementations that must agree on every leaf of every log."""

_PLACE = f"""
WITH heads AS MATERIALIZED (
    SELECT record, ctid AS spot FROM audit_pending ORDER BY record LIMIT %s
), queued AS MATERIALIZED (
    SELECT r.id, heads.spot, sha256('\\x00'::bytea || {LEAF}) AS hash
    FROM heads JOIN audit_record r ON r.id = heads.record ORDER BY heads.record
), taken AS (
    DELETE FROM audit_pending WHERE ctid = ANY (ARRAY (SELECT spot FROM queued))
), placed AS (
    INSERT INTO audit_leaf (index, record, hash)
    SELECT %s::bigint + row_number() OVER (ORDER BY id) - 1, id, hash FROM queued
)
SELECT hash FROM queued ORDER BY id
"""  # noqa: S608


def raw() -> psycopg.Connection[Any]:
    """The psycopg connection under Django's: binary cursors and COPY, in the same transaction."""
    connection.ensure_connection()
    driver: psycopg.Connection[Any] = connection.connection
    return driver


def binary(driver: psycopg.Connection[Any] | None = None) -> psycopg.Cursor[Any]:
    """A server-side binding cursor (Django's own binds on the client): execute with binary=True."""
    return psycopg.Cursor(driver or raw())


class _Prepared(psycopg.Cursor[Any]):
    """Plans each statement once for a connection; values are bound by the server."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _Prepared:
        super().execute(query, params, prepare=True, **options)
        return self


def prepared() -> CursorWrapper:
    """A cursor of Django (logged, wrapped, with its errors) whose statements are prepared: for
    the few that are run again and again, where planning costs as much as running."""
    cursor: Any = _Prepared(raw())
    return (
        connection.make_debug_cursor(cursor)
        if connection.queries_logged
        else connection.make_cursor(cursor)
    )


def read_tiles(
    tiles: Sequence[Tile], driver: psycopg.Connection[Any] | None = None
) -> Mapping[Tile, bytes]:
    """The stored bytes of `tiles` in one query (an `audit.merkle.ReadTiles`)."""
    wanted = [
        [tile.level for tile in tiles],
        [tile.number for tile in tiles],
        [tile.width for tile in tiles],
    ]
    with binary(driver) as cursor:
        cursor.execute(
            "SELECT t.level, t.index, t.width, t.hashes FROM audit_tile t JOIN "
            "unnest(%s::int[], %s::bigint[], %s::int[]) AS w(level, index, width) "
            "ON t.level = w.level AND t.index = w.index AND t.width = w.width",
            wanted,
            binary=True,
        )
        return {Tile(level, number, width): data for level, number, width, data in cursor}


def write_tiles(tiles: Mapping[Tile, bytes]) -> None:
    """Store new tiles with one COPY; a tile is never written twice."""
    with (
        raw().cursor() as cursor,
        cursor.copy("COPY audit_tile (level, index, width, hashes) FROM STDIN") as copy,
    ):
        for tile, data in tiles.items():
            copy.write_row((tile.level, tile.number, tile.width, data))


def place_queued(first: int, limit: int) -> list[bytes]:
    """Move up to `limit` queued records into the log at contiguous indices from `first`, in the
    order of their ids; returns their leaf hashes in that order.

    The records themselves never leave the server, so memory does not depend on their length.
    Queued ids without a record stay in the queue, where verification finds them.
    """
    by_index(raw())
    with binary() as cursor:
        cursor.execute(_PLACE, [limit, first], binary=True)
        return [digest for (digest,) in cursor]


def queue_without_records() -> bool:
    """Whether some queued id has no record. One statement, so that what is committed between two
    looks at the queue is not taken for it."""
    with binary() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM audit_pending p WHERE NOT EXISTS "
            "(SELECT FROM audit_record r WHERE r.id = p.record))"
        )
        found = cursor.fetchone()
    return bool(found and found[0])


def leaf_rows(first: int, end: int) -> list[tuple[int, bytes]]:
    """(index, leaf bytes) of the leaves [first, end), from their records."""
    with binary() as cursor:
        cursor.execute(
            f"SELECT l.index, {ROW} FROM audit_leaf l JOIN audit_record r ON r.id = l.record "  # noqa: S608
            "WHERE l.index >= %s AND l.index < %s ORDER BY l.index",
            [first, end],
            binary=True,
        )
        return [(index, leaf_of_row(*row)) for index, *row in cursor]


def by_index(driver: psycopg.Connection[Any]) -> None:
    """Make this transaction look rows up through indices, in index order: it starts at once and
    costs the same whatever the statistics of a fast-growing table say. For queries whose joins
    are one table's index order and the other's primary key."""
    driver.execute(
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; "
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
    )


@contextmanager
def merging(driver: psycopg.Connection[Any]) -> Iterator[None]:
    """Let the queries of the block walk indices side by side: bounded memory, and no plan made for
    a table that was small when PostgreSQL last looked."""
    driver.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off")
    yield
    driver.execute("SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = on")


@contextmanager
def snapshot(count: int) -> Iterator[list[psycopg.Connection[Any]]]:
    """`count` connections of their own on one snapshot of the database, read only.

    They go by indices: on tables that grew faster than their statistics, the planner would
    rather scan the whole table once for every leaf.
    """
    wrappers = [connection.copy() for _ in range(count)]
    try:
        drivers: list[psycopg.Connection[Any]] = []
        for wrapper in wrappers:
            wrapper.ensure_connection()
            driver: psycopg.Connection[Any] = wrapper.connection
            driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            driver.execute("SET LOCAL enable_seqscan = off")
            drivers.append(driver)
        name = drivers[0].execute("SELECT pg_export_snapshot()").fetchone()
        assert name is not None
        for driver in drivers[1:]:
            driver.execute("SET TRANSACTION SNAPSHOT %s", [name[0]])
        yield drivers
    finally:
        for wrapper in wrappers:
            wrapper.close()
