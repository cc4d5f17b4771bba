"""Writing records. The only way into the ledger, in the transaction of the change itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from audit import store
from audit.canonical import canonical_text
from audit.leaf import NO_SUBJECTS, Entry, Subjects
from core.actor import Actor
from core.clock import isoformat, uuid7

# An entry of the log holds at most 65,535 bytes (C2SP tlog-tiles); the rest of a leaf needs
# less than 4 KiB.
MAX_PAYLOAD = 60_000

_BLOCK = 1000  # lines handed to the driver at once
_CODES = ("\\\\", "\\t", "\\n", "\\r", "\\b", "\\f", "\\v")
_NULL = "\\N"
_BYTES = "\\\\x"
# What COPY's text format gives a meaning to. Canonical JSON has no raw control characters.
_ESCAPES = {ord(char): code for char, code in zip("\\\t\n\r\b\f\v", _CODES, strict=True)}
_COLUMNS = (
    "id, occurred_at, recorded_at, action, actor, notice, delivery, investor, template, version, "
    "incident, staff, object, payload, sealed"
)
_COPY = f"COPY audit_record ({_COLUMNS}) FROM STDIN"
# Not the ORM: a third of its time, and most records are written one at a time. Planned once for
# each connection; all values but `sealed` go as text, so that it stays one statement.
_INSERT = f"INSERT INTO audit_record ({_COLUMNS}) VALUES ({', '.join(['%s'] * 15)})"  # noqa: S608


def draft(
    *,
    action: str,
    actor: Actor,
    now: dt.datetime,
    subjects: Subjects = NO_SUBJECTS,
    payload: Mapping[str, Any] | None = None,
    sealed: bytes | None = None,
    occurred_at: dt.datetime | None = None,
) -> Entry:
    """A record not yet written. `payload` takes strings, integers, booleans, None, lists and
    dicts, and nothing personal; personal content goes to `sealed` (`audit.sealing`).

    `now` is when it is recorded; `occurred_at` when it happened, if that differs.
    """
    text = canonical_text(dict(payload or {}))
    if len(text) > MAX_PAYLOAD // 4 and len(text.encode()) > MAX_PAYLOAD:
        raise ValueError(f"{action}: a payload of more than {MAX_PAYLOAD} bytes fits no log entry")
    return Entry(
        id=uuid7(),
        occurred_at=occurred_at or now,
        recorded_at=now,
        action=action,
        actor=actor.ref,
        subjects=subjects,
        payload=text,
        sealed=sealed,
    )


def record(
    *,
    action: str,
    actor: Actor,
    now: dt.datetime,
    subjects: Subjects = NO_SUBJECTS,
    payload: Mapping[str, Any] | None = None,
    sealed: bytes | None = None,
    occurred_at: dt.datetime | None = None,
) -> UUID:
    """Write one record in the caller's transaction; returns its id."""
    entry = draft(
        action=action,
        actor=actor,
        now=now,
        subjects=subjects,
        payload=payload,
        sealed=sealed,
        occurred_at=occurred_at,
    )
    _require_transaction()
    values = [
        entry.id.hex,
        isoformat(entry.occurred_at),
        isoformat(entry.recorded_at),
        entry.action,
        entry.actor,
        *(each.hex if isinstance(each, UUID) else each for each in entry.subjects),
        entry.payload,
        entry.sealed,
    ]
    with store.prepared() as cursor:
        cursor.execute(_INSERT, values)
    return entry.id


def record_many(entries: Iterable[Entry]) -> int:
    """Write many records with one COPY in the caller's transaction; returns how many."""
    return copy_lines(
        line_of(
            entry.id.hex,
            isoformat(entry.occurred_at),
            isoformat(entry.recorded_at),
            entry.action,
            entry.actor,
            entry.subjects,
            entry.payload,
            entry.sealed,
        )
        for entry in entries
    )


def copy_lines(lines: Iterable[str]) -> int:
    """Write records that `line_of` has formatted, with one COPY in the caller's transaction."""
    _require_transaction()
    source = iter(lines)
    count = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        while block := list(islice(source, _BLOCK)):
            copy.write("".join(block))
            count += len(block)
    return count


def line_of(
    id: str,
    occurred_at: str,
    recorded_at: str,
    action: str,
    actor: str,
    subjects: Subjects,
    payload: str,
    sealed: bytes | None,
) -> str:
    """One record as a line of COPY's text format, for bulk work. `id` in hexadecimal, times in
    RFC 3339, `payload` in canonical JSON."""
    notice, delivery, investor, template, version, incident, staff, other = subjects
    return (
        f"{id}\t{occurred_at}\t{recorded_at}\t{action}\t{actor}"
        f"\t{notice.hex if notice else _NULL}\t{delivery.hex if delivery else _NULL}"
        f"\t{investor.hex if investor else _NULL}\t{template.hex if template else _NULL}"
        f"\t{version.hex if version else _NULL}\t{incident.hex if incident else _NULL}"
        f"\t{staff.hex if staff else _NULL}"
        f"\t{_NULL if other is None else other.translate(_ESCAPES)}"
        f"\t{payload.translate(_ESCAPES) if chr(92) in payload else payload}"
        f"\t{_NULL if sealed is None else _BYTES + sealed.hex()}\n"
    )


def line_maker(
    *,
    occurred_at: str,
    recorded_at: str,
    action: str,
    actor: str,
    notice: UUID,
    version: UUID | None,
) -> Callable[[str, str, str, str, bytes | None], str]:
    """`line_of` for one happening to many deliveries of a notice: a function of id, delivery and
    investor (in hexadecimal), payload and sealed."""
    head = f"\t{occurred_at}\t{recorded_at}\t{action}\t{actor}\t{notice.hex}\t"
    middle = f"\t{_NULL}\t{version.hex if version else _NULL}" + f"\t{_NULL}" * 3 + "\t"

    def line(id: str, delivery: str, investor: str, payload: str, sealed: bytes | None) -> str:
        if "\\" in payload:
            payload = payload.translate(_ESCAPES)
        end = _NULL if sealed is None else _BYTES + sealed.hex()
        return f"{id}{head}{delivery}\t{investor}{middle}{payload}\t{end}\n"

    return line


def _require_transaction() -> None:
    """A record outside the change's transaction proves nothing, so it is refused."""
    if not connection.in_atomic_block:
        raise RuntimeError("ledger records are written inside the transaction of the change")
