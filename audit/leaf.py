"""The record layout and its canonical bytes. Pure.

A leaf is the RFC 8785 form of one record. Personal content never appears in it: `sealed` is
the SHA-256 of a ciphertext, which cannot be guessed without the subject's key.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from audit.canonical import canonical_text
from core.clock import isoformat

LAYOUT = 1


class Subjects(NamedTuple):
    """What a record is about. `investor` is the pseudonym; `object` is `kind:id` for the rest."""

    notice: UUID | None = None
    delivery: UUID | None = None
    investor: UUID | None = None
    template: UUID | None = None
    version: UUID | None = None
    incident: UUID | None = None
    staff: UUID | None = None
    object: str | None = None


NO_SUBJECTS = Subjects()


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it is stored. `payload` is canonical JSON text; times are UTC."""

    id: UUID
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    action: str
    actor: str
    subjects: Subjects
    payload: str
    sealed: bytes | None


def leaf_data(entry: Entry) -> bytes:
    """The canonical bytes that the log commits to; keys in RFC 8785 order."""
    return leaf_bytes(
        entry.id,
        entry.occurred_at,
        entry.recorded_at,
        entry.action,
        entry.actor,
        entry.subjects,
        entry.payload,
        entry.sealed,
    )


def leaf_bytes(
    id: UUID,
    occurred_at: dt.datetime,
    recorded_at: dt.datetime,
    action: str,
    actor: str,
    subjects: tuple[UUID | str | None, ...],
    payload: str,
    sealed: bytes | None,
) -> bytes:
    """`leaf_data` on plain columns."""
    texts = [None if subject is None else str(subject) for subject in subjects]
    times = [isoformat(occurred_at), isoformat(recorded_at)]
    columns: list[Any] = [str(id), *times, action, actor, *texts, payload, sealed]
    return leaf_of_row(*columns)


def leaf_of_row(
    id: str,
    occurred_at: str,
    recorded_at: str,
    action: str,
    actor: str,
    notice: str | None,
    delivery: str | None,
    investor: str | None,
    template: str | None,
    version: str | None,
    incident: str | None,
    staff: str | None,
    other: str | None,
    payload: str,
    sealed: bytes | None,
) -> bytes:
    """`leaf_data` on columns that are text already (`audit.store.ROW`), for bulk work: strings
    joined, nothing parsed again.

    `action` and `actor` hold no character that JSON escapes (a CHECK constraint sees to it);
    `object` may, and is encoded in full.
    """
    named = []
    if delivery is not None:
        named.append(f'"delivery":"{delivery}"')
    if incident is not None:
        named.append(f'"incident":"{incident}"')
    if investor is not None:
        named.append(f'"investor":"{investor}"')
    if notice is not None:
        named.append(f'"notice":"{notice}"')
    if other is not None:
        named.append(f'"object":{canonical_text(other)}')
    if staff is not None:
        named.append(f'"staff":"{staff}"')
    if template is not None:
        named.append(f'"template":"{template}"')
    if version is not None:
        named.append(f'"version":"{version}"')
    commitment = "" if sealed is None else f'"sealed":"{sha256(sealed).hexdigest()}",'
    return (
        f'{{"action":"{action}","actor":"{actor}","id":"{id}",'
        f'"occurred_at":"{occurred_at}","payload":{payload},'
        f'"recorded_at":"{recorded_at}",{commitment}'
        f'"subjects":{{{",".join(named)}}},"v":{LAYOUT}}}'
    ).encode()
