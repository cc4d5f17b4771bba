"""A person ends the alarm of a witness that this installation no longer asks."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.models import ClosedAlarm, SoundedAlarm
from audit.record import record
from audit.services import sealed_by_reader
from audit.witnessing.closing.selectors import open_alarms
from audit.witnessing.policy import witnesses
from core.access import require, require_step_up
from core.actor import Actor
from core.errors import Conflict, FourEyesViolation, InvalidInput, NotFound
from core.roles import Capability


def close_alarm(*, witness: str, reason: str, actor: Actor, now: dt.datetime) -> int:
    """Close the standing alarms of a removed witness; returns how many.

    Needs AUDIT_VERIFY or SETTINGS_MANAGE, a person, a fresh second factor and a reason. Raises
    Conflict while the witness is still asked: then only its cosignature ends the alarm. What the
    alarm said stays in the ledger.
    """
    if Capability.SETTINGS_MANAGE not in actor.capabilities:
        require(actor, Capability.AUDIT_VERIFY)
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    require_step_up(actor, now)
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    if witness in {each.key.name for each in witnesses() if each.url}:
        raise Conflict(
            _("This witness is still asked; its alarm ends when it cosigns again."),
            code="witness_still_asked",
        )
    with transaction.atomic():
        found = _locked(witness)
        made = record(
            action="audit.witness_alarm_closed",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, object=f"witness:{witness}"[:200]),
            payload={"witness": witness, "alarms": [str(alarm.record) for alarm in found]},
            sealed=sealed_by_reader(reason.strip(), actor=actor, now=now),
        )
        ClosedAlarm.objects.bulk_create(
            ClosedAlarm(alarm=alarm, record=made, at=now, by=actor.user_id) for alarm in found
        )
    return len(found)


def _locked(witness: str) -> list[SoundedAlarm]:
    """The witness's standing alarms, of which two people close each only once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit_closedalarm'))")
    names = open_alarms().filter(witness=witness).values("record")
    found = list(SoundedAlarm.objects.filter(record__in=names).order_by("at"))
    if not found:
        raise NotFound(_("No alarm of this witness stands."))
    return found
