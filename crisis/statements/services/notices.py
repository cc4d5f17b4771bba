"""From an incident to the notice for exactly those whom it hit (C9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text

from comms import audience
from comms.models import Notice
from comms.services.notices import create_notice
from comms.services.notices.common import person_of
from core.access import require
from core.actor import Actor
from core.roles import Capability
from crisis.incidents.rules import EntryKind
from crisis.incidents.services.common import locked, require_open
from crisis.incidents.timeline import add_entry, entry_proof
from crisis.statements.models import IncidentNotice
from crisis.statements.services.common import write_record


@transaction.atomic
def make_statement(
    *,
    incident_id: UUID,
    version_id: UUID,
    affected: Mapping[str, Any],
    values: Mapping[str, Any],
    criticality: str,
    channels: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    title: str = "",
) -> Notice:
    """A draft notice for the investors whom `affected` (an audience query) finds. Submitting and
    releasing it take their usual steps, by two people. That of an exercise is an exercise.

    Raises Forbidden, NotFound, Conflict `incident_closed` or `unapproved_content`, InvalidInput.
    """
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    require_open(incident)
    notice = create_notice(
        version_id=version_id, audience=affected, values=values, criticality=criticality,
        channels=channels, reason=reason, title=title, exercise=incident.exercise,
        actor=actor, now=now,
    )  # fmt: skip
    link = IncidentNotice.objects.create(
        incident=incident,
        notice=notice,
        affected=notice.audience,
        found=audience.size(notice),
        made_at=now,
        made_by_id=person_of(actor),
    )
    entry = add_entry(
        incident, EntryKind.COMMUNICATION,
        _text("Notice %(code)s prepared for the %(found)s investors affected")
        % {"code": notice.code, "found": link.found},
        actor=actor, now=now, detail={"notice": str(notice.pk), "found": link.found},
    )  # fmt: skip
    write_record(
        "notice_made", incident, actor=actor, now=now, notice=notice.pk, version=version_id,
        payload={"found": link.found, "affected": link.affected, "proof": entry_proof(entry)},
    )  # fmt: skip
    return notice
