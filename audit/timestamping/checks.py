"""Verification of stored time-stamps (L9): each is checked again, none is believed."""

from __future__ import annotations

from typing import Any

import psycopg

from audit import store
from audit.findings import Findings
from audit.note import NoteError, parse_note
from audit.timestamping.authority import StampRefused, check
from audit.timestamping.trust import roots

_ROWS = """
SELECT t.size, t.authority, t.serial, t.attested_at, t.response, p.note
FROM audit_timestamp t LEFT JOIN audit_checkpoint p ON p.size = t.size ORDER BY t.size, t.authority
"""


def check_timestamps(driver: psycopg.Connection[Any], found: Findings) -> int:
    """Check every stored time-stamp of its checkpoint; returns how many there are."""
    trusted = roots()
    count = 0
    for size, name, serial, at, response, note in store.binary(driver).stream(_ROWS, binary=True):
        count += 1
        if note is None:
            found.add("timestamp_stray", size=size, authority=name)
            continue
        try:
            stamp = check(response, parse_note(note.encode()).text.encode(), trusted)
            if (stamp.attested_at, str(stamp.serial)) != (at, serial):
                raise StampRefused("malformed", "the row gives another time or serial number")
        except (StampRefused, NoteError) as error:
            found.add("timestamp_wrong", size=size, authority=name, why=str(error))
    return count
