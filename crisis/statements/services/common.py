"""What the services of statements share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from crisis.incidents.models import Incident


def write_record(
    verb: str,
    incident: Incident,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
    notice: UUID | None = None,
    version: UUID | None = None,
) -> None:
    """One ledger record `statement.<verb>`; it always says whether it was an exercise."""
    record(
        action=f"statement.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(incident=incident.pk, notice=notice, version=version),
        payload={"code": incident.code, "exercise": incident.exercise, **payload},
    )
