from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.apps import AppConfig

from core import journal
from core.actor import Actor


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit.log import system_checks  # noqa: F401 - registers itself

        journal.register(write_for_core)


def write_for_core(
    *,
    action: str,
    actor: Actor,
    now: dt.datetime,
    staff: UUID | None,
    object: str | None,
    payload: Mapping[str, Any] | None,
    incident: UUID | None,
) -> UUID:
    """The writer that core's journal uses: one record in the caller's transaction."""
    from audit.leaf import Subjects
    from audit.record import record

    return record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(staff=staff, incident=incident, object=object),
        payload=payload,
    )
