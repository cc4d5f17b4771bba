"""Addresses that are dead are not written to again (I9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from comms.models import Delivery
from core.actor import Actor
from investors import services as investors

HARD_BOUNCE = "hard_bounce"
COMPLAINT = "complaint"


def suppress(
    *, deliveries: Sequence[UUID], actor: Actor, now: dt.datetime, reason: str = HARD_BOUNCE
) -> None:
    """Suppress the contacts that these deliveries went to, in the caller's transaction.
    Repeating it is harmless."""
    contacts = (
        Delivery.objects.filter(pk__in=deliveries, contact__isnull=False)
        .order_by("contact_id")
        .values_list("contact_id", flat=True)
        .distinct()
    )
    for contact_id in contacts:
        investors.suppress_contact(contact_id=contact_id, reason=reason, actor=actor, now=now)
