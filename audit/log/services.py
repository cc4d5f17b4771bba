"""Handing out what proves: leaves, time-stamps."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from audit import selectors
from audit.leaf import Subjects, leaf_data
from audit.record import record
from core.access import require
from core.actor import Actor
from core.roles import Capability


def take_leaf(*, record_id: UUID, actor: Actor, now: dt.datetime) -> bytes:
    """A record's exact leaf bytes, to check a proof against; recorded (`audit.leaf_taken`)."""
    require(actor, Capability.AUDIT_BROWSE)
    leaf = leaf_data(selectors.entry_of(selectors.record_by_id(record_id)))
    with transaction.atomic():
        record(
            action="audit.leaf_taken",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, object=f"record:{record_id}"),
        )
    return leaf
