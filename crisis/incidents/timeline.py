"""One line of an incident's timeline. Knows models and rules only, so that clocks, plans and
escalation write their lines through it too. Callers are in a transaction."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.clock import isoformat
from core.errors import InvalidInput
from crisis.incidents import rules
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import EntryKind


def add_entry(
    incident: Incident,
    kind: EntryKind,
    text: str,
    *,
    actor: Actor,
    now: dt.datetime,
    at: dt.datetime | None = None,
    detail: Mapping[str, Any] | None = None,
    written_at: dt.datetime | None = None,
    client_id: UUID | None = None,
) -> Entry:
    """A line of the timeline. The caller writes the record, with `entry_proof`."""
    at = at or now
    if at > now + dt.timedelta(minutes=1):
        raise InvalidInput(_("This lies in the future."), code="future", field="at")
    if written_at is not None:
        rules.require_recent(written_at, now, field="written_at")
    rules.require_recent(at, now, field="at")
    return Entry.objects.create(
        incident=incident,
        kind=kind.value,
        text=text,
        salt=secrets.token_bytes(16),
        detail=dict(detail or {}),
        at=at,
        recorded_at=now,
        written_at=written_at,
        backdated=rules.is_backdated(at, now),
        author_id=actor.user_id,
        client_id=client_id,
    )


def entry_proof(entry: Entry) -> dict[str, Any]:
    """What the ledger says of an entry: its id, its times, and a commitment to its words."""
    return {
        "entry": str(entry.pk),
        "kind": entry.kind,
        "at": isoformat(entry.at),
        "written_at": isoformat(entry.written_at) if entry.written_at else None,
        "backdated": entry.backdated,
        "text_commitment": rules.commitment(bytes(entry.salt), entry.text),
    }
