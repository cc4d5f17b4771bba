"""Statements and bulletins from draft to published, and internal updates (C7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from comms.services.notices.common import person_of
from comms.values import clean
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.pages import require_any
from core.roles import Capability
from crisis.clocks import services as clocks
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import MAX_ENTRY, EntryKind
from crisis.incidents.services.common import locked, require_open
from crisis.incidents.timeline import add_entry, entry_proof
from crisis.statements import wording
from crisis.statements.models import Statement
from crisis.statements.rules import MACHINE, Kind, Phase, Place, State
from crisis.statements.selectors import speakers
from crisis.statements.services.common import write_record
from templates_mgmt.selectors import approved_version, approved_versions_visible_to

LET_OUT = (Capability.CRISIS_APPROVE, Capability.NOTICES_RELEASE)  # who may speak to the public
MAX_REASON = 2000


@transaction.atomic
def note(*, incident_id: UUID, text: str, actor: Actor, now: dt.datetime) -> Entry:
    """An update for the staff, kept on the timeline. No notice and no statement can take its
    words: those come from approved templates alone.

    Raises Forbidden, NotFound, InvalidInput `text`.
    """
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    text = text.strip()
    if not text or len(text) > MAX_ENTRY:
        raise InvalidInput(
            _("Write 1 to %(limit)s characters.") % {"limit": MAX_ENTRY}, field="text"
        )
    entry = add_entry(
        incident, EntryKind.COMMUNICATION, text, actor=actor, now=now, detail={"internal": True}
    )
    write_record("noted", incident, actor=actor, now=now, payload=entry_proof(entry))
    return entry


@transaction.atomic
def draft(
    *,
    incident_id: UUID,
    version_id: UUID,
    kind: str,
    phase: str,
    places: Collection[str],
    values: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    spokesperson: UUID | None = None,
) -> Statement:
    """Words about an incident on an approved template, waiting to be published.

    Raises Forbidden, NotFound, Conflict `incident_closed` or `unapproved_content`, InvalidInput
    naming the field: a version with words for one investor or one notice alone is no statement.
    """
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    require_open(incident)
    _one_of(kind, set(Kind), "kind")
    _one_of(phase, set(Phase), "phase")
    read_at = [place.value for place in Place if place in places]
    if not read_at or not set(places) <= set(Place):
        raise InvalidInput(_("Say where it is to be read."), field="places")
    if not approved_versions_visible_to(actor).filter(pk=version_id).exists():
        raise NotFound(_("There is no approved version with this id in your business lines."))
    version = approved_version(version_id)
    given = clean(version.placeholders, wording.languages(version), values)
    statement = Statement.objects.create(
        incident=incident,
        kind=kind,
        phase=phase,
        places=read_at,
        version_id=version.id,
        content_hash=version.content_hash,
        values=given,
        texts=wording.texts(version, given),
        spokesperson_id=_speaker(incident, spokesperson),
        drafted_at=now,
        drafted_by_id=person_of(actor),
    )
    write_record(
        "drafted", incident, actor=actor, now=now, version=version.id, payload=_facts(statement)
    )
    return statement


@transaction.atomic
def publish(*, statement_id: UUID, actor: Actor, now: dt.datetime) -> Statement:
    """Let a statement out. To the status page: by a second person, with a fresh second factor. A
    bulletin meets the clock of its day.

    Raises Forbidden, StepUpRequired, NotFound, Conflict `incident_closed`, `unapproved_content`.
    """
    statement, incident = _locked(statement_id)
    if statement.is_public:
        require_any(actor, LET_OUT)
        require_other_person(actor, [statement.drafted_by_id])
        require_step_up(actor, now)
    else:
        require(actor, Capability.CRISIS_LOG)
    require_open(incident)
    MACHINE.check(old=statement.state, new=State.PUBLISHED)
    approved_version(statement.version_id)
    statement.state = State.PUBLISHED.value
    statement.published_at, statement.published_by_id = now, person_of(actor)
    statement.save(update_fields=["state", "published_at", "published_by"])
    words = (
        _text("Bulletin published: %(title)s")
        if statement.kind == Kind.BULLETIN
        else _text("Statement published: %(title)s")
    )
    entry = add_entry(
        incident, EntryKind.COMMUNICATION, words % {"title": statement.text["title"]},
        actor=actor, now=now,
        detail={"statement": str(statement.pk), "places": statement.places},
    )  # fmt: skip
    write_record(
        "published", incident, actor=actor, now=now, version=statement.version_id,
        payload={**_facts(statement), "proof": entry_proof(entry)},
    )  # fmt: skip
    if statement.kind == Kind.BULLETIN:
        clocks.meet(
            incident=incident, code="bulletin", at=now, actor=actor, now=now,
            detail={"statement": str(statement.pk)},
        )  # fmt: skip
    return statement


@transaction.atomic
def drop(*, statement_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Statement:
    """Give a draft up, with a reason. Raises Forbidden, NotFound, InvalidInput `reason`."""
    require_any(actor, (Capability.CRISIS_LOG, *LET_OUT))
    statement, incident = _locked(statement_id)
    reason = reason.strip()[:MAX_REASON]
    MACHINE.check(old=statement.state, new=State.DROPPED, reason=reason)
    statement.state, statement.reason = State.DROPPED.value, reason
    statement.save(update_fields=["state", "reason"])
    write_record(
        "dropped", incident, actor=actor, now=now, version=statement.version_id,
        payload={"statement": str(statement.pk), "reason": reason},
    )  # fmt: skip
    return statement


def _locked(statement_id: UUID) -> tuple[Statement, Incident]:
    """The statement, and its incident, which is locked first everywhere."""
    found = Statement.objects.filter(pk=statement_id).values_list("incident", flat=True).first()
    if found is None:
        raise NotFound(_("There is no such statement."))
    incident = locked(found)
    return Statement.objects.select_for_update().get(pk=statement_id), incident


def _one_of(value: str, known: Collection[str], field: str) -> None:
    if value not in known:
        raise InvalidInput(_("Choose one of the list."), field=field)


def _speaker(incident: Incident, person: UUID | None) -> UUID | None:
    if person is not None and person not in {user.pk for user in speakers(incident)}:
        raise InvalidInput(
            _("The plan and the incident do not name this person as a spokesperson."),
            code="no_speaker",
            field="spokesperson",
        )
    return person


def _facts(statement: Statement) -> dict[str, Any]:
    """What the ledger keeps: an approved wording and the firm's own values, for many to read."""
    return {
        "statement": str(statement.pk),
        "kind": statement.kind,
        "phase": statement.phase,
        "places": statement.places,
        "content_hash": statement.content_hash,
        "texts": statement.texts,
        "drafted_by": str(statement.drafted_by_id),
        "spokesperson": str(statement.spokesperson_id) if statement.spokesperson_id else None,
    }
