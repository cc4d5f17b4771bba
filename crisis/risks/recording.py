"""What all writes on risks stand on. Callers are in a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from crisis.risks.models import Risk
from crisis.risks.rules import State

ZONE = ZoneInfo(settings.TIME_ZONE)


def today_of(now: dt.datetime) -> dt.date:
    """The day that `now` falls on for the house (the installation's time zone)."""
    return now.astimezone(ZONE).date()


def locked(risk_id: UUID) -> Risk:
    """The risk with its row locked; raises NotFound."""
    risk = Risk.objects.select_for_update().filter(pk=risk_id).first()
    if risk is None:
        raise NotFound(_("There is no such risk."))
    return risk


def locked_live(risk_id: UUID) -> Risk:
    """The risk with its row locked; raises NotFound, or Conflict when it is closed."""
    risk = locked(risk_id)
    if risk.state == State.CLOSED:
        raise Conflict(_("This risk is closed; open it again first."), code="risk_closed")
    return risk


def note(
    verb: str,
    risk: Risk,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
) -> UUID:
    """One ledger record `risk.<verb>` about a risk."""
    return note_object(
        verb, risk.object_ref, actor=actor, now=now, payload={"code": risk.code, **payload}
    )


def note_object(
    verb: str, ref: str, *, actor: Actor, now: dt.datetime, payload: Mapping[str, Any]
) -> UUID:
    """One ledger record `risk.<verb>` about `kind:id`."""
    return record(
        action=f"risk.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(object=ref),
        payload=payload,
    )


def staff_member(user_id: UUID, *, field: str) -> User:
    """An active member of staff; raises InvalidInput naming `field`."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise InvalidInput(_("Choose an active member of staff."), field=field)
    return user


def next_code(kind: type[Model], letter: str, now: dt.datetime) -> str:
    """R-2026-001: the next code of the year, numbered without gaps."""
    prefix = f"{letter}-{today_of(now).year}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"crisis risks {prefix}"])
    count = kind._default_manager.filter(code__startswith=prefix).count()
    return f"{prefix}{count + 1:03d}"
