"""Per-subject encryption: what is personal is sealed under its subject's own data key (L4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

import psycopg
from django.db import connection

from core import crypto

_KEYS = """
SELECT subject, wrapped FROM audit_subjectkey
WHERE subject = ANY(%s::uuid[]) AND wrapped IS NOT NULL
"""


COPY_KEYS = "COPY audit_subjectkey (subject, wrapped, created_at)"


class KeyDestroyed(LookupError):
    """The subject's key was destroyed: what it sealed is erased."""


def create_keys(subjects: Iterable[UUID], *, now: dt.datetime) -> dict[UUID, bytes]:
    """A fresh data key for each subject, stored wrapped with one COPY; returns the plain keys.

    Runs in the caller's transaction; a subject that has a key already makes it fail.
    """
    keys = {subject: crypto.new_key() for subject in subjects}
    store_keys(keys, now=now)
    return keys


def store_keys(keys: Mapping[UUID, bytes], *, now: dt.datetime) -> None:
    """Store data keys that were made by `core.crypto.new_key`, as `create_keys` does."""
    wrap = crypto.wrapper()
    with connection.cursor() as cursor, cursor.copy(f"{COPY_KEYS} FROM STDIN") as copy:
        for subject, key in keys.items():
            copy.write_row((subject, wrap(key, subject.bytes), now))


def keys_of(subjects: Iterable[UUID]) -> dict[UUID, bytes]:
    """The plain data keys of `subjects` in one query; destroyed or unknown ones are absent."""
    wanted = "{" + ",".join([subject.hex for subject in subjects]) + "}"
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        rows = cursor.execute(_KEYS, [wanted], binary=True).fetchall()
    unwrap = crypto.unwrap
    return {subject: unwrap(wrapped, context=subject.bytes) for subject, wrapped in rows}


def key_of(subject: UUID) -> bytes:
    """The plain data key of one subject; raises KeyDestroyed when there is none (any more)."""
    try:
        return keys_of([subject])[subject]
    except KeyError:
        raise KeyDestroyed(str(subject)) from None


def seal_text(key: bytes, text: str, *, context: str) -> bytes:
    """`text` under a subject's key; `context` names the field (`contact.value`, `profile` …)."""
    return crypto.seal(key, text.encode(), context=context.encode())


def unseal_text(key: bytes, sealed: bytes, *, context: str) -> str:
    """The inverse of `seal_text`; raises core.crypto.SealBroken."""
    return crypto.unseal(key, bytes(sealed), context=context.encode()).decode()


def key_for(subject: UUID, *, now: dt.datetime) -> bytes:
    """The plain data key of one subject, made now if there is none yet.

    Raises KeyDestroyed when the key was destroyed: it is not made anew.
    """
    key = crypto.new_key()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_subjectkey (subject, wrapped, created_at) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [subject, crypto.wrap(key, context=subject.bytes), now],
        )
        return key if cursor.rowcount else key_of(subject)


def destroy_key(subject: UUID, *, now: dt.datetime) -> None:
    """Destroy a subject's data key for good; triggers clear what can be read without it.

    Raises KeyDestroyed when there is none. While a retention duty or a legal hold is in force the
    database refuses (migration 0007). Runs in the caller's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = %s "
            "WHERE subject = %s AND wrapped IS NOT NULL",
            [now, subject],
        )
        if not cursor.rowcount:
            raise KeyDestroyed(str(subject))
