"""Showing a sent message in full: a reveal, with right, reason, second factor and record."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms.models import Delivery
from comms.recreating.selectors import Recreated, recreate
from core.access import require_line, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.pages import require_any
from core.roles import Capability
from investors.services.shared import sealed_reason

MAY_SHOW = (Capability.INVESTORS_REVEAL, Capability.AUDIT_BROWSE)


def show_as_sent(*, delivery_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Recreated:
    """The message of a delivery as its provider got it, for a person with the right, a reason
    and a fresh second factor (L6, I11). The reason is sealed in the record.

    Raises InvalidInput without a reason, Conflict `not_sent` when no message was made and
    `erased` when the investor's data were erased.
    """
    require_any(actor, MAY_SHOW)
    require_step_up(actor, now)
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    with transaction.atomic():
        delivery = delivery_for(actor, delivery_id)
        made = recreate(delivery)
        if made is None and delivery.content_sealed is None:
            raise Conflict(_("No message was made for this delivery yet."), code="not_sent")
        if made is None:
            raise Conflict(
                _("It cannot be shown: the investor's data were erased. Its proof in the log "
                  "remains."),
                code="erased",
            )  # fmt: skip
        record(
            action="delivery.message_revealed",
            actor=actor,
            now=now,
            subjects=Subjects(
                notice=delivery.notice_id,
                delivery=delivery.pk,
                investor=delivery.investor_id,
                staff=actor.user_id,
            ),
            payload={"proven": made.proven, "bytes": len(made.wire)},
            sealed=sealed_reason(delivery.investor_id, reason),
        )
    return made


def delivery_for(actor: Actor, delivery_id: UUID) -> Delivery:
    """A delivery of the actor's business lines; raises NotFound."""
    delivery = Delivery.objects.select_related("notice").filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    require_line(actor, delivery.notice.business_line_id)
    return delivery
