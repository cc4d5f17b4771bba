"""Writing records. The only way into the ledger, in the transaction of the change itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from audit.canonical import canonical_text
from audit.leaf import NO_SUBJECTS, Entry, Subjects
from audit.models import Record
from core.actor import Actor
from core.clock import uuid7

# An entry of the log holds at most 65,535 bytes (C2SP tlog-tiles); the rest of a leaf needs
# less than 4 KiB.
MAX_PAYLOAD = 60_000

_COPY = (
    "COPY audit_record (id, occurred_at, recorded_at, action, actor, notice, delivery, investor, "
    "template, version, incident, staff, object, payload, sealed) FROM STDIN"
)


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
    Record(
        id=entry.id,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        action=entry.action,
        actor=entry.actor,
        payload=entry.payload,
        sealed=entry.sealed,
        **entry.subjects._asdict(),
    ).save(force_insert=True)
    return entry.id


def record_many(entries: Iterable[Entry]) -> int:
    """Write many records with one COPY in the caller's transaction; returns how many."""
    _require_transaction()
    count = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        write = copy.write_row
        for entry in entries:
            write(
                (
                    entry.id,
                    entry.occurred_at,
                    entry.recorded_at,
                    entry.action,
                    entry.actor,
                    *entry.subjects,
                    entry.payload,
                    entry.sealed,
                )
            )
            count += 1
    return count


def _require_transaction() -> None:
    """A record outside the change's transaction proves nothing, so it is refused."""
    if not connection.in_atomic_block:
        raise RuntimeError("ledger records are written inside the transaction of the change")
