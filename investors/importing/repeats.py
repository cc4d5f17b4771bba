"""Which customer numbers a file has shown already: on disk, so that memory stays bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

_SHORT = 16  # bytes of a keyed hash that are enough to tell a file's rows apart


class Seen(NamedTuple):
    """The first accepted row of a customer number in this file."""

    line: int
    fingerprint: bytes


class Repeats:
    """Remembers line and fingerprint of every accepted row; both hashes are keyed, nothing
    personal is written. The temporary database is private and goes when it is closed."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("")
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute(
            "CREATE TABLE seen (ref BLOB PRIMARY KEY, line INT, fingerprint BLOB) WITHOUT ROWID"
        )

    def find(self, refs: Iterable[bytes]) -> dict[bytes, Seen]:
        """Those of `refs` (full hashes) that were accepted before."""
        short = {ref[:_SHORT]: ref for ref in refs}
        found: dict[bytes, Seen] = {}
        keys = list(short)
        for at in range(0, len(keys), 500):
            part = keys[at : at + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT ref, line, fingerprint FROM seen WHERE ref IN ({marks})"  # noqa: S608
            for ref, line, fingerprint in self._store.execute(query, part):
                found[short[ref]] = Seen(line, fingerprint)
        return found

    @staticmethod
    def entry(line: int, fingerprint: bytes) -> Seen:
        """A row as `find` would give it back."""
        return Seen(line, fingerprint[:_SHORT])

    def add(self, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Remember accepted rows: (ref hash, line, fingerprint)."""
        self._store.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)",
            ((ref[:_SHORT], line, mark[:_SHORT]) for ref, line, mark in rows),
        )

    def close(self) -> None:
        """Drop everything."""
        self._store.close()


def same(seen: Seen, fingerprint: bytes) -> bool:
    """Whether a row says the same as the one seen before."""
    return seen.fingerprint == fingerprint[:_SHORT]
