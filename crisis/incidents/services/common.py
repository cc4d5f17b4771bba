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
from core.errors import Conflict, Forbidden, IllegalTransition, InvalidInput, NotFound
from crisis.clocks import services as clocks
from crisis.incidents.models import Entry, Incident, Moment
from crisis.incidents.rules import MACHINE, MAX_ENTRY, EntryKind, MomentKind, State
from crisis.incidents.timeline import add_entry, entry_proof


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


def require_move(incident: Incident, verb: str, new: State, reason: str = "") -> None:
    """Raise IllegalTransition where the state knows no `verb`, or InvalidInput `reason` where one
    must stand. Two verbs lead to the same state, so the state alone does not tell them apart."""
    move = MACHINE.moves.get((incident.state, new))
    if move is not None and move.name != verb:
        raise IllegalTransition(
            _("%(code)s is not in a state that allows this.") % {"code": incident.code},
            details={"from": incident.state, "to": new.value},
        )
    MACHINE.check(old=incident.state, new=new, reason=reason)


def require_person(actor: Actor) -> UUID:
    """The person behind `actor`; raises Forbidden for a program."""
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    return actor.user_id


def clean_words(text: str, field: str) -> str:
    """Trimmed words for people; raises InvalidInput when they are too long."""
    text = text.strip()
    if len(text) > MAX_ENTRY:
        raise InvalidInput(
            _("Write at most %(limit)s characters.") % {"limit": MAX_ENTRY},
            code="too_long",
            field=field,
        )
    return text


def past_instant(
    at: dt.datetime | None, incident: Incident, now: dt.datetime, field: str = "at"
) -> dt.datetime:
    """When something happened: between the beginning of the trouble and now."""
    at = at or now
    if at > now:
        raise InvalidInput(_("This lies in the future."), code="future", field=field)
    if at < incident.since:
        raise InvalidInput(
            _("This lies before the beginning of the incident."), code="too_early", field=field
        )
    return at


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


def told(
    verb: str,
    incident: Incident,
    kind: EntryKind,
    text: str,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None = None,
    staff: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Entry:
    """The line of the timeline and the ledger record of one move; `detail` goes into both,
    `payload` into the record alone."""
    entry = add_entry(incident, kind, text, actor=actor, now=now, at=at, detail=detail)
    write_record(
        verb, incident, actor=actor, now=now, occurred_at=at, staff=staff,
        payload={**(detail or {}), **(payload or {}), "proof": entry_proof(entry)},
    )  # fmt: skip
    return entry


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
