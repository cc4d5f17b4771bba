"""Rows for tests that start where sending ends: put in directly, by legal moves only."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from uuid import UUID

from audit import sealing
from comms.channels.base import Outgoing
from comms.models import Delivery, Notice
from comms.rules import DeliveryState, Evidence, NoticeState
from core import clock, crypto
from core.models import BusinessLine, User
from investors.models import ConsentEntry, ConsentState, ContactPoint, Investor
from templates_mgmt.models import Template, TemplateVersion
from tests.recorded import recorded

_numbers = itertools.count(1)


def line() -> BusinessLine:
    """The one business line of these tests."""
    with recorded():
        return BusinessLine.objects.get_or_create(code="retail", defaults={"name": "Retail"})[0]


def make_investor(
    *,
    email: str = "",
    phone: str = "",
    ref: str = "",
    language: str = "en",
    consents: Iterable[str] = ("sms", "email", "inbox"),
) -> Investor:
    """An active investor with contacts and consents."""
    now = clock.now()
    ref = ref or f"C{next(_numbers):06d}"
    investor = Investor(
        business_line=line(),
        ref_hash=crypto.blind_index("investor:ref", ref),
        language=language,
        created_at=now,
        updated_at=now,
    )
    key = sealing.create_keys([investor.id], now=now)[investor.id]
    profile = json.dumps({"ref": ref, "name": "王小明"})
    investor.profile = sealing.seal_text(key, profile, context="profile")
    investor.save(force_insert=True)
    for kind, value in (("email", email), ("phone", phone)):
        if value:
            ContactPoint.objects.create(
                investor=investor,
                kind=kind,
                value_sealed=sealing.seal_text(key, value, context="contact"),
                value_hash=crypto.blind_index(f"contact:{kind}", value),
                created_at=now,
            )
    for channel in consents:
        entry = ConsentEntry.objects.create(
            investor=investor,
            purpose=f"channel.{channel}",
            action="given",
            method="test",
            legal_basis="consent",
            occurred_at=now,
            recorded_at=now,
            source="test",
        )
        ConsentState.objects.create(
            investor=investor, purpose=entry.purpose, granted=True, entry=entry, since=now
        )
    return investor


@recorded()
def make_notice(
    *,
    topic: str = "risk_alert",
    title: str = "Margin call",
    code: str = "",
    state: NoticeState = NoticeState.SENDING,
) -> Notice:
    """A notice that a second person released and that is going out, or still a draft."""
    now = clock.now()
    number = next(_numbers)
    author, releaser = (
        User.objects.create(username=f"row-{name}-{number}") for name in ("author", "releaser")
    )
    template = Template.objects.create(
        code=f"t-{number}",
        name="Margin",
        category="risk",
        topic_code=topic,
        business_line=line(),
        created_by=author,
        created_at=now,
    )
    version = TemplateVersion.objects.create(
        template=template,
        number=1,
        created_by=author,
        created_at=now,
        edited_by=author,
        edited_at=now,
    )
    notice = Notice.objects.create(
        code=code or f"K{number:07d}",
        title=title,
        version=version,
        content_hash="0" * 64,
        topic=topic,
        criticality="important",
        channels={"parallel": ["sms", "email", "inbox"]},
        business_line=line(),
        reason="test",
        prepared_by=author,
        prepared_at=now,
    )
    if state == NoticeState.DRAFT:
        return notice
    Notice.objects.filter(pk=notice.pk).update(state="ready", submitted_by=author, submitted_at=now)
    Notice.objects.filter(pk=notice.pk).update(
        state="released", released_by=releaser, released_at=now
    )
    Notice.objects.filter(pk=notice.pk).update(state="sending")
    notice.refresh_from_db()
    return notice


def make_delivery(
    notice: Notice,
    investor: Investor,
    *,
    channel: str = "sms",
    state: DeliveryState = DeliveryState.ACCEPTED,
    ref: str = "",
) -> Delivery:
    """A delivery that got as far as `state` (queued, sending, accepted or delivered)."""
    now = clock.now()
    delivery = Delivery.objects.create(
        notice=notice,
        investor=investor,
        channel=channel,
        language="en",
        state=DeliveryState.QUEUED,
        contact=investor.contacts.filter(kind="email" if channel == "email" else "phone").first(),
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    moves = [DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.DELIVERED]
    for step in moves[: moves.index(state) + 1] if state in moves else []:
        Delivery.objects.filter(pk=delivery.pk).update(state=step)
    reached = {
        DeliveryState.ACCEPTED: Evidence.ACCEPTED,
        DeliveryState.DELIVERED: Evidence.DELIVERED,
    }.get(state, Evidence.NONE)
    provider = {"sms": "gateway", "email": "smtp", "inbox": "inbox"}[channel]
    Delivery.objects.filter(pk=delivery.pk).update(
        evidence=reached, provider=provider, provider_ref=ref, attempts=1
    )
    delivery.refresh_from_db()
    return delivery


def outgoing(
    to: str = "a@customer.example",
    *,
    subject: str = "Margin call",
    text: str = "Please act.\n",
    html: str = "",
    headers: dict[str, str] | None = None,
    delivery: Delivery | None = None,
) -> Outgoing:
    """One rendered message, for `delivery` or for one that is nowhere stored."""
    delivery_id: UUID = delivery.id if delivery else clock.uuid7()
    return Outgoing(
        delivery_id=delivery_id,
        notice_id=delivery.notice_id if delivery else clock.uuid7(),
        investor_id=delivery.investor_id if delivery else clock.uuid7(),
        idempotency_key=f"{delivery_id}.0",
        to=to,
        subject=subject,
        text=text,
        html=html,
        language="en",
        headers=headers or {},
    )
