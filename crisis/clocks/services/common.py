"""What all writes on clocks stand on. Callers are in a transaction."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from audit.leaf import Entry as LedgerEntry
from audit.leaf import Subjects
from audit.record import draft, record_many
from core.actor import Actor
from core.clock import isoformat
from core.errors import NotFound
from crisis.clocks.models import Clock
from crisis.clocks.rules import State
from crisis.incidents import timeline
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import EntryKind, is_backdated

WORDS = {
    "started": _("Clock started: %(name)s"),
    "met": _("Clock met: %(name)s"),
    "met_again": _("Clock met again: %(name)s"),
    "restarted": _("Clock counts anew: %(name)s"),
    "breached": _("Deadline missed: %(name)s"),
    "paused": _("Clock paused: %(name)s"),
    "resumed": _("Clock goes on: %(name)s"),
    "cancelled": _("Clock called off: %(name)s"),
    "lapsed": _("Clock no longer applies: %(name)s"),
}


def lock(incident: Incident) -> None:
    """Take turns with everybody else who changes clocks of `incident`."""
    Incident.objects.select_for_update().only("pk").get(pk=incident.pk)


def locked(clock_id: UUID) -> Clock:
    """The clock, with its incident locked; raises NotFound."""
    found = Clock.objects.select_related("incident").filter(pk=clock_id).first()
    if found is None:
        raise NotFound(_("There is no such clock."))
    lock(found.incident)
    return Clock.objects.select_related("incident").select_for_update(of=("self",)).get(pk=clock_id)


def tell(
    verb: str,
    clock: Clock,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None = None,
    why: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write the timeline line of what happened to a clock, and the ledger record, which binds the
    line. `at` is when it happened; `why` is told to people, and only committed to."""
    line = entry_for(verb, clock, actor=actor, now=now, at=at, why=why)
    line.save(force_insert=True)
    payload = {**line.detail, **(detail or {}), "proof": timeline.entry_proof(line)}
    record_many([draft_of(verb, clock, actor=actor, now=now, at=at, payload=payload)])


def entry_for(
    verb: str,
    clock: Clock,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None = None,
    why: str = "",
) -> Entry:
    """A line of the timeline about a clock, not saved yet."""
    at = at or now
    return Entry(
        incident=clock.incident,
        kind=EntryKind.CLOCK.value,
        text=_words(verb, clock, why),
        salt=secrets.token_bytes(16),
        detail=_plain(verb, clock),
        at=at,
        recorded_at=now,
        backdated=is_backdated(at, now),
        author_id=actor.user_id,
    )


def draft_of(
    verb: str,
    clock: Clock,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None,
    payload: Mapping[str, Any],
) -> LedgerEntry:
    """The ledger record `clock.<verb>`, to be written with `audit.record.record_many`."""
    return draft(
        action=f"clock.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(incident=clock.incident_id, object=f"clock:{clock.pk}"),
        payload={"exercise": clock.incident.exercise, **payload},
        occurred_at=at,
    )


def _words(verb: str, clock: Clock, why: str) -> str:
    text = str(WORDS[verb]) % {"name": clock.duty.label}
    if clock.round > 1:
        text = _text("%(text)s (round %(round)s)") % {"text": text, "round": clock.round}
    return f"{text} — {why}" if why else text


def _plain(verb: str, clock: Clock) -> dict[str, Any]:
    return {
        "verb": verb,
        "clock": str(clock.pk),
        "code": clock.code,
        "round": clock.round,
        "started_at": isoformat(clock.started_at),
        "due_at": isoformat(clock.due_at),
    }


def end(clock: Clock, state: State, *, at: dt.datetime, now: dt.datetime, reason: str = "") -> None:
    """Move a live clock to an end; an open pause ends with it. `at` is when, for one met."""
    was_paused = clock.state == State.PAUSED
    clock.state, clock.ended_at, clock.reason = state.value, now, reason
    clock.met_at = at if state == State.MET else None
    clock.save(update_fields=["state", "ended_at", "met_at", "reason"])
    if was_paused:
        clock.pauses.filter(resumed_at=None).update(resumed_at=now)
