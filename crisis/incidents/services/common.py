"""What all moves of an incident stand on. Callers are in a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Conflict, NotFound
from crisis.clocks import services as clocks
from crisis.incidents.models import Incident, Moment
from crisis.incidents.rules import MomentKind


def locked(incident_id: UUID) -> Incident:
    """The incident with its row locked; raises NotFound."""
    incident = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such incident."))
    return incident


def require_open(incident: Incident) -> None:
    """Raise Conflict `incident_closed` when work on it is over."""
    if not incident.is_open:
        raise Conflict(
            _("%(code)s is closed; nothing in it can change.") % {"code": incident.code},
            code="incident_closed",
        )


def write_record(
    verb: str,
    incident: Incident,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
    occurred_at: dt.datetime | None = None,
    staff: UUID | None = None,
) -> UUID:
    """One ledger record `incident.<verb>`. It always says whether it was an exercise."""
    return record(
        action=f"incident.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(incident=incident.pk, staff=staff),
        payload={"code": incident.code, "exercise": incident.exercise, **payload},
        occurred_at=occurred_at,
    )


def reach(
    incident: Incident, kind: MomentKind, *, at: dt.datetime, actor: Actor, now: dt.datetime
) -> bool:
    """Note that the incident reached a moment, and start the clocks that begin there. False when
    it had been reached before: the first time counts."""
    _moment, new = Moment.objects.get_or_create(
        incident=incident, kind=kind.value, defaults={"at": at, "recorded_at": now}
    )
    if new:
        clocks.at_moment(incident=incident, moment=kind.value, at=at, actor=actor, now=now)
    return new
