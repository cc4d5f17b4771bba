"""Records that staff read personal data of a delivery (L1, I7)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.leaf import Subjects
from audit.record import record
from comms.models import Delivery, Notice
from core.access import require, require_line
from core.actor import Actor
from core.roles import Capability


@transaction.atomic
def record_shown(*, delivery: Delivery, actor: Actor, now: dt.datetime) -> None:
    """Note that the actor was shown a delivery and its message, masked."""
    require(actor, Capability.NOTICES_VIEW)
    require_line(actor, delivery.notice.business_line_id)
    record(
        action="delivery.shown",
        actor=actor,
        now=now,
        subjects=Subjects(
            notice=delivery.notice_id, delivery=delivery.pk, investor=delivery.investor_id
        ),
        payload={"masked": True},
    )


@transaction.atomic
def record_listed(*, notice: Notice, part: str, count: int, actor: Actor, now: dt.datetime) -> None:
    """Note that the actor was shown a page of `count` people of a notice, masked; `part` is
    `deliveries` or `exclusions`."""
    require(actor, Capability.NOTICES_VIEW)
    require_line(actor, notice.business_line_id)
    record(
        action="notice.people_listed",
        actor=actor,
        now=now,
        subjects=Subjects(notice=notice.pk),
        payload={"part": part, "people": count},
    )
