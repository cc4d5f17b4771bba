"""Rotating the KEK: a new one wraps from now on, old data keys are wrapped again in batches, and
the old KEK is retired when nothing needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from audit.wrapping.models import RetiredKek
from core import crypto, keyring
from core.actor import Actor
from core.errors import Conflict

BATCH = 1000  # data keys in one transaction

_NEXT = """
SELECT subject, wrapped FROM audit_subjectkey
WHERE subject > %s AND wrapped IS NOT NULL AND substr(wrapped, 1, 2) <> %s
ORDER BY subject LIMIT %s FOR UPDATE
"""
_STORE = """
UPDATE audit_subjectkey k SET wrapped = n.wrapped
FROM unnest(%s::uuid[], %s::bytea[]) AS n (subject, wrapped) WHERE k.subject = n.subject
"""
_COUNT = """
SELECT ('x' || encode(substr(wrapped, 1, 2), 'hex'))::bit(16)::int, count(*)
FROM audit_subjectkey WHERE wrapped IS NOT NULL GROUP BY 1
"""
_NOBODY = "00000000-0000-0000-0000-000000000000"


def begin_rotation(*, actor: Actor, now: dt.datetime) -> int:
    """Make the next KEK, which wraps from now on; returns its number. Other processes notice
    within a minute. For the administrator of the machine: who can run it holds the keys."""
    number = max(keyring.numbers(), default=0) + 1
    keyring.create(number)
    crypto.forget_cached_keys()
    with transaction.atomic():
        _record("kek.created", number, actor, now, {})
    return number


def rewrap(
    *,
    actor: Actor,
    now: dt.datetime,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Wrap every data key under the present KEK; returns how many were not yet.

    Each batch is a transaction of its own with its record; a run that was killed goes on where
    it stopped when it is started again. Raises core.crypto.SealBroken for a damaged key.
    """
    done = 0
    for count in _batches(actor, now, batch):
        done += count
        if progress:
            progress(done)
    return done


def _batches(actor: Actor, now: dt.datetime, size: int) -> Iterator[int]:
    number = crypto.keyring().current
    head, after = number.to_bytes(2, "big"), _NOBODY
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_NEXT, [after, head, size])
            rows = cursor.fetchall()
            if not rows:
                return
            subjects = [subject for subject, _wrapped in rows]
            wrapped = [
                crypto.wrap(crypto.unwrap(bytes(old), context=subject.bytes), context=subject.bytes)
                for subject, old in rows
            ]
            cursor.execute(_STORE, [subjects, wrapped])
            _record("kek.rewrapped", number, actor, now, {"keys": len(rows)})
        after = str(subjects[-1])
        yield len(rows)


def retire(*, number: int, actor: Actor, now: dt.datetime) -> bool:
    """Retire an old KEK and remove its file; False when it must be taken out of the environment
    by hand. From then on backups that were made before open only with another copy of it.

    Raises Conflict for the KEK in use, and while a data key is still wrapped under it.
    """
    if number >= crypto.keyring().current:
        raise Conflict(_("This key-encryption key is in use."), code="kek_in_use")
    with transaction.atomic():
        with connection.cursor() as cursor:  # nobody wraps while we look
            cursor.execute("LOCK TABLE audit_subjectkey IN SHARE ROW EXCLUSIVE MODE")
        if left := under().get(number, 0):
            raise Conflict(
                _("%(count)s data keys are still wrapped under this key; wrap them again first.")
                % {"count": left},
                code="kek_needed",
                details={"keys": left},
            )
        RetiredKek.objects.get_or_create(number=number, defaults={"retired_at": now})
        _record("kek.retired", number, actor, now, {})
    return keyring.destroy(number)


def under() -> dict[int, int]:
    """How many data keys are wrapped under each KEK."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        return dict(cursor.fetchall())


def _record(
    action: str, number: int, actor: Actor, now: dt.datetime, payload: dict[str, int]
) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(object=f"kek:{number}"),
        payload=payload,
    )
