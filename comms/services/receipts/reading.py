"""What investors do with the messages in their inbox."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms import journal
from comms.models import Delivery, InboxMessage
from comms.rules import DeliveryState, EventKind, Evidence, apply_event
from comms.services import fallback
from core.actor import Actor
from core.errors import NotFound


def record_view(*, delivery_id: UUID, actor: Actor, now: dt.datetime) -> InboxMessage:
    """The investor opens an inbox message: evidence `viewed` the first time, a ledger record
    each time (L1). Raises NotFound for anybody else's message."""
    with transaction.atomic():
        message, delivery = _own_message(delivery_id, actor)
        if message.viewed_at is None:
            message.viewed_at = now
            message.save(update_fields=["viewed_at"])
            _add_own_event(delivery, EventKind.VIEWED, actor, now)
        else:
            record(
                action="inbox.viewed_again",
                actor=actor,
                now=now,
                subjects=Subjects(
                    notice=delivery.notice_id,
                    delivery=delivery.id,
                    investor=delivery.investor_id,
                ),
            )
        return message


def acknowledge(*, delivery_id: UUID, actor: Actor, now: dt.datetime) -> InboxMessage:
    """The investor acknowledges an inbox message, which implies having seen it. A second time
    changes nothing: the first instant stands. Raises NotFound for anybody else's message."""
    with transaction.atomic():
        message, delivery = _own_message(delivery_id, actor)
        if message.acknowledged_at is not None:
            return message
        message.viewed_at = message.viewed_at or now
        message.acknowledged_at = now
        message.save(update_fields=["viewed_at", "acknowledged_at"])
        _add_own_event(delivery, EventKind.ACKNOWLEDGED, actor, now)
        return message


def _own_message(delivery_id: UUID, actor: Actor) -> tuple[InboxMessage, Delivery]:
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    message = InboxMessage.objects.filter(delivery=delivery_id).first()
    if (
        delivery is None
        or message is None
        or actor.kind != "investor"
        or actor.id != str(message.investor_id)
    ):
        raise NotFound(_("There is no such message."))
    return message, delivery


def _add_own_event(delivery: Delivery, kind: EventKind, actor: Actor, now: dt.datetime) -> None:
    """An event that the investor's own act in the portal makes."""
    state, evidence = apply_event(DeliveryState(delivery.state), Evidence(delivery.evidence), kind)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, evidence=evidence, updated_at=now)
    happening = journal.Happening(
        delivery=delivery.id,
        notice=delivery.notice_id,
        investor=delivery.investor_id,
        channel=delivery.channel,
        kind=kind,
        at=now,
        attempt=delivery.attempts,
        provider=delivery.provider,
        dedupe=f"{kind.value}:{delivery.pk}",
    )
    journal.write([happening], actor=actor, now=now)
    fallback.reconsider(notice_id=delivery.notice_id, investor_ids=[delivery.investor_id], now=now)
