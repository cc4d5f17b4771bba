"""The ledger's alarms: recorded once for each new cause, and handed to whoever listens.

Three things are alarms: `audit.verification_failed` (the log contradicts itself or a checkpoint
kept outside), `audit.signing_refused` (signing on would fork the log) and `audit.witness_refused`
(a witness has seen something else). Crisis registers a listener; this app knows nothing of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.canonical import canonical_text
from audit.leaf import Subjects
from audit.models import Record, SoundedAlarm
from audit.record import record
from core.actor import Actor

logger = logging.getLogger(__name__)
ACTIONS = ("audit.verification_failed", "audit.signing_refused", "audit.witness_refused")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What happened, where its record is, and what the record says."""

    action: str
    record: UUID
    at: dt.datetime
    payload: Mapping[str, Any]


Listener = Callable[[Alarm], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` after each new alarm is committed. It may raise: that is logged, and
    neither the record nor other listeners suffer."""
    if listener not in _listeners:
        _listeners.append(listener)


def forget(listener: Listener) -> None:
    """Undo `listen`."""
    _listeners.remove(listener)


def sound(
    action: str,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
    subjects: Subjects | None = None,
) -> bool:
    """Record an alarm unless the newest one of its kind says the same and still stands; returns
    whether it did."""
    logger.critical("%s: %s", action, dict(payload))
    with transaction.atomic():
        last = Record.objects.filter(action=action).order_by("-id").first()
        said = last is not None and last.payload == canonical_text(dict(payload))
        if said and standing().of(action):
            return False
        tell(action, actor=actor, now=now, payload=payload, subjects=subjects)
    return True


def tell(
    action: str,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
    subjects: Subjects | None = None,
) -> UUID:
    """Record an alarm in the caller's transaction, and call the listeners when it commits."""
    made = record(
        action=action, actor=actor, now=now, payload=payload, subjects=subjects or Subjects()
    )
    SoundedAlarm.objects.create(
        record=made, action=action, at=now, witness=payload.get("witness", "")
    )
    alarm = Alarm(action, made, now, payload)
    for listener in _listeners:
        transaction.on_commit(_call(listener, alarm), robust=True)
    return made


def _call(listener: Listener, alarm: Alarm) -> Callable[[], None]:
    def call() -> None:
        listener(alarm)

    return call


@dataclass(frozen=True, slots=True)
class Standing:
    """Which alarms stand now, since when: the last verification failed; nothing was signed since
    signing was refused; a witness refused and has not cosigned since, whatever others did, and
    nobody closed that (`audit.witnessing.closing`)."""

    verification: dt.datetime | None = None
    signing: dt.datetime | None = None
    witness: dt.datetime | None = None

    def __bool__(self) -> bool:
        return any((self.verification, self.signing, self.witness))

    def of(self, action: str) -> dt.datetime | None:
        """Since when the alarm of that kind stands."""
        since = (self.verification, self.signing, self.witness)
        return dict(zip(ACTIONS, since, strict=True)).get(action)


_STANDING = """
SELECT
    (SELECT CASE WHEN NOT ok THEN started_at END FROM audit_verification
     WHERE ok IS NOT NULL ORDER BY id DESC LIMIT 1),
    (SELECT max(at) FROM audit_soundedalarm WHERE action = 'audit.signing_refused'),
    (SELECT signed_at FROM audit_checkpoint ORDER BY size DESC LIMIT 1),
    (SELECT max(s.at) FROM audit_soundedalarm s WHERE s.action = 'audit.witness_refused'
     AND NOT EXISTS (SELECT FROM audit_attestor a WHERE a.held_at > s.at
                     AND split_part(a.name, '+', 1) = s.witness)
     AND NOT EXISTS (SELECT FROM audit_closedalarm c WHERE c.alarm_id = s.record))
"""


def standing() -> Standing:
    """The alarms that stand, in one query that never touches the ledger's records."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        verification, refused, signed, witness = cursor.fetchone()
    return Standing(
        verification=verification,
        signing=refused if refused and not (signed and signed > refused) else None,
        witness=witness,
    )
