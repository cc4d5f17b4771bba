"""What the services of statements share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Forbidden
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


def person_of(actor: Actor) -> UUID:
    """Who acts; raises Forbidden for a program."""
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    return actor.user_id
