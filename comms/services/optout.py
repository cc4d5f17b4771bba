"""Ways out: the unsubscribe link of an e-mail, STOP by SMS, a complaint."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.record import record
from comms import journal, unsubscribe
from comms.models import Delivery
from comms.rules import Channel, EventKind
from core import actor as actors
from core.actor import Actor
from core.errors import Conflict, NotFound
from investors import services as investors
from investors import vault
from investors.models import ConsentState, ContactPoint, Topic
from investors.rules import CONTRACTUAL


@dataclass(frozen=True, slots=True)
class WayOut:
    """What an unsubscribe link can do: leave the topic on that channel, or the whole channel.

    A mandatory topic cannot be left (`topic.why` names the rule), nor a channel that belongs to
    the account contract.
    """

    delivery: Delivery
    topic: Topic
    channel_open: bool
    contractual: bool


def way_out(token: str) -> WayOut:
    """What the link offers; raises NotFound for a token that we did not make, or that
    an exercise made, which nobody got."""
    delivery_id = unsubscribe.delivery_of(token)
    delivery = (
        Delivery.objects.select_related("notice")
        .filter(pk=delivery_id, notice__exercise=False)
        .first()
        if delivery_id
        else None
    )
    topic = Topic.objects.filter(pk=delivery.notice.topic).first() if delivery else None
    if delivery is None or topic is None:
        raise NotFound(_("This link is not one of ours."))
    purpose = f"channel.{delivery.channel}"
    contractual = purpose in CONTRACTUAL
    granted = ConsentState.objects.filter(
        investor=delivery.investor_id, purpose=purpose, granted=True
    )
    return WayOut(delivery, topic, not contractual and granted.exists(), contractual)


def leave_topic(*, token: str, now: dt.datetime, ip: str | None = None) -> WayOut:
    """One click (RFC 8058): no more of this topic on this channel. Repeating it is harmless.

    Raises Conflict (code `mandatory_topic`) when a rule makes the topic mandatory.
    """
    with transaction.atomic():
        way = way_out(token)
        if way.topic.mandatory:
            raise Conflict(
                _("This topic cannot be switched off: %(rule)s") % {"rule": way.topic.why},
                code="mandatory_topic",
            )
        actor = actors.investor(way.delivery.investor_id, ip=ip)
        investors.set_preference(
            investor_id=way.delivery.investor_id,
            topic=way.topic.code,
            channel=way.delivery.channel,
            wanted=False,
            actor=actor,
            now=now,
        )
        _tell(way.delivery, actor, now, scope="topic")
        return way


def leave_channel(*, token: str, now: dt.datetime, ip: str | None = None) -> WayOut:
    """Withdraw consent for the whole channel; what is mandatory then comes by another one.
    Repeating it is harmless."""
    with transaction.atomic():
        way = way_out(token)
        actor = actors.investor(way.delivery.investor_id, ip=ip)
        withdraw_channel(way.delivery, method="unsubscribe", actor=actor, now=now, ip=ip)
        _tell(way.delivery, actor, now, scope="channel")
        return way


def withdraw_channel(
    delivery: Delivery, *, method: str, actor: Actor, now: dt.datetime, ip: str | None = None
) -> None:
    """Withdraw the consent that `delivery` relied on, unless it is gone already."""
    try:
        investors.withdraw_consent(
            investor_id=delivery.investor_id,
            purpose=f"channel.{delivery.channel}",
            method=method,
            actor=actor,
            now=now,
            ip=ip,
        )
    except Conflict as error:
        if error.code != "consent_absent":
            raise


def stop_number(
    *, phone: str, at: dt.datetime, provider: str, actor: Actor, now: dt.datetime
) -> int:
    """Withdraw the consent to text messages of everybody whose number `phone` (E.164) is, found
    by its keyed hash; returns how many had consented. Runs in the caller's transaction.

    The wish counts against consents given before `at`, so that the same text told again later
    takes nothing back that was given meanwhile. The ledger says what came of it, also of a
    number that nobody here has, without the number.
    """
    purpose = f"channel.{Channel.SMS.value}"
    owners = ContactPoint.objects.filter(
        kind="phone", value_hash=vault.contact_hash("phone", phone)
    ).values("investor")
    consenting = ConsentState.objects.filter(
        investor__in=owners, purpose=purpose, granted=True, since__lte=at
    )
    people = list(consenting.order_by("investor_id").values_list("investor_id", flat=True))
    for investor_id in people:
        investors.withdraw_consent(
            investor_id=investor_id, purpose=purpose, method="unsubscribe", actor=actor, now=now
        )
    record(
        action="optout.by_number",
        actor=actor,
        now=now,
        occurred_at=at,
        payload={"provider": provider, "withdrawn": len(people), "known": owners.exists()},
    )
    return len(people)


def _tell(delivery: Delivery, actor: Actor, now: dt.datetime, *, scope: str) -> None:
    """The event on the delivery whose link was used, once per scope."""
    dedupe = f"unsubscribed:{scope}:{delivery.pk}"
    if delivery.events.filter(dedupe=dedupe).exists():
        return
    happening = journal.Happening(
        delivery=delivery.id,
        notice=delivery.notice_id,
        investor=delivery.investor_id,
        channel=delivery.channel,
        kind=EventKind.UNSUBSCRIBED,
        at=now,
        attempt=delivery.attempts,
        provider=delivery.provider,
        payload={"scope": scope},
        dedupe=dedupe,
    )
    journal.write([happening], actor=actor, now=now)
