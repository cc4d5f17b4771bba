"""One line of the timeline, as somebody types it (C8)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import InvalidInput
from core.roles import Capability
from crisis.incidents.models import Entry
from crisis.incidents.rules import MAX_ENTRY, EntryKind
from crisis.incidents.services.common import locked, write_record
from crisis.incidents.timeline import add_entry, entry_proof


@transaction.atomic
def log(
    *,
    incident_id: UUID,
    text: str,
    at: dt.datetime | None = None,
    written_at: dt.datetime | None = None,
    client_id: UUID | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Entry:
    """Write one line. `client_id` names it on the device that wrote it: sent twice, it is kept
    once. A closed incident still takes lines, which say when they were written.

    Raises Forbidden, NotFound, InvalidInput `text` or `at`.
    """
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    if client_id and (sent := incident.entries.filter(client_id=client_id).first()):
        return sent
    text = text.strip()
    if not text or len(text) > MAX_ENTRY:
        raise InvalidInput(
            _("Write 1 to %(limit)s characters.") % {"limit": MAX_ENTRY}, field="text"
        )
    entry = add_entry(
        incident, EntryKind.NOTE, text, actor=actor, now=now, at=at, written_at=written_at,
        client_id=client_id,
    )  # fmt: skip
    write_record(
        "logged", incident, actor=actor, now=now, occurred_at=entry.at, payload=entry_proof(entry)
    )
    return entry
