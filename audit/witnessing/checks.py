"""Verification of what outsiders said (L9): each statement is checked again, none is believed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg

from audit import store
from audit.findings import Findings
from audit.note import NoteError, VerifierKey, parse_note, parse_signatures
from audit.timestamping.checks import check_timestamps
from audit.witnessing.selectors import trusted_keys

_ROWS = """
SELECT c.size, c.key, c.line, c.cosigned_at, p.note
FROM audit_cosignature c LEFT JOIN audit_checkpoint p ON p.size = c.size ORDER BY c.size, c.key
"""


class Attested(NamedTuple):
    """How many statements of outsiders were checked."""

    cosignatures: int
    timestamps: int


def check_attestations(driver: psycopg.Connection[Any], found: Findings) -> Attested:
    """Check all stored cosignatures and time-stamps."""
    return Attested(check_cosignatures(driver, found), check_timestamps(driver, found))


def check_cosignatures(driver: psycopg.Connection[Any], found: Findings) -> int:
    """Check every stored cosignature on its checkpoint; returns how many there are."""
    keys = trusted_keys()
    count = 0
    for size, key, line, at, note in store.binary(driver).stream(_ROWS, binary=True):
        count += 1
        name = key.partition("+")[0]
        if note is None:
            found.add("cosignature_stray", size=size, witness=name)
            continue
        try:
            _check(keys, key, line, at, note)
        except NoteError as error:
            found.add("cosignature_wrong", size=size, witness=name, why=str(error))
    return count


def _check(
    keys: Mapping[str, VerifierKey], key: str, line: str, at: dt.datetime, note: str
) -> None:
    trusted = keys.get(key)
    if trusted is None:
        raise NoteError("its key is not among LEDGER_WITNESSES")
    signatures = parse_signatures(line.encode())
    if len(signatures) != 1:
        raise NoteError("it is not one signature line")
    stamp = trusted.verify(parse_note(note.encode()).text, signatures[0])
    if stamp != int(at.timestamp()):
        raise NoteError("it carries another time than the row says")
