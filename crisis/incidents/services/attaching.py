"""Signals and duplicates go to the incident that is open already (C1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import InvalidInput
from core.roles import Capability
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import EntryKind
from crisis.incidents.services.common import locked, require_open, told
from crisis.incidents.services.deciding import end_as_false


def attach(
    incident: Incident,
    text: str,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """One more signal of the same trouble, for services that have checked who asks: a criterion,
    an alarm. The caller is in a transaction and has locked the open incident (`open_with`)."""
    require_open(incident)
    return told(
        "signal_attached", incident, EntryKind.SIGNAL, text, actor=actor, now=now, at=at,
        detail=detail,
    )  # fmt: skip


@transaction.atomic
def attach_duplicate(
    *, incident_id: UUID, into_id: UUID, actor: Actor, now: dt.datetime
) -> Incident:
    """Two people started one incident each for the same trouble: the first named ends as a
    duplicate, and the other one's timeline tells of it. Answers the other one.

    Raises Forbidden, NotFound, Conflict, IllegalTransition, InvalidInput `into`.
    """
    require(actor, Capability.CRISIS_RUN)
    if incident_id == into_id:
        raise InvalidInput(_("Choose another incident."), field="into")
    both = {each: locked(each) for each in sorted((incident_id, into_id))}
    incident, into = both[incident_id], both[into_id]
    if incident.exercise != into.exercise:
        raise InvalidInput(_("An exercise and an incident stay apart."), field="into")
    require_open(into)
    attach(
        into,
        _text("Also reported as %(code)s: %(title)s")
        % {"code": incident.code, "title": incident.title},
        actor=actor, now=now, at=incident.activated_at, detail={"duplicate": str(incident.pk)},
    )  # fmt: skip
    end_as_false(
        incident, reason=_text("Duplicate of %(code)s.") % {"code": into.code},
        actor=actor, now=now, detail={"duplicate_of": str(into.pk)},
    )  # fmt: skip
    return into
