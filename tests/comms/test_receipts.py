"""Receipts: stored first, applied later, in any order, as often as they come."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit.models import Record
from comms import signing
from comms.models import Delivery, DeliveryEvent, RawReceipt
from comms.peers.smtp import notification
from comms.provider_events import KINDS
from comms.rules import DeliveryState, Evidence
from comms.services import receipts
from comms.services.receipts.applying import WAIT_FOR_REFERENCE
from core import clock
from core.errors import Forbidden, NotFound
from investors.models import ConsentState, ContactPoint
from tests.comms.rows import make_delivery, make_investor, make_notice

pytestmark = pytest.mark.django_db
_ids = itertools.count(1)
NOW = clock.now()


def event(delivery: Delivery, kind: str, **more: object) -> dict[str, object]:
    return {
        "id": f"e{next(_ids)}",
        "reference": delivery.provider_ref,
        "kind": kind,
        "at": NOW.isoformat(),
        **more,
    }


def store(*events: object, provider: str = "gateway", now: dt.datetime = NOW) -> RawReceipt:
    body = json.dumps({"events": events}).encode()
    secret = {"gateway": "local-gateway", "smtp": "local-mail-server"}[provider]
    headers = signing.headers(secret, "msg_1", int(now.timestamp()), body)
    return receipts.store_receipt(provider=provider, headers=headers, body=body, now=now)


def apply(now: dt.datetime = NOW) -> receipts.Applied:
    return receipts.apply_pending(now=now)


@pytest.fixture
def delivery() -> Delivery:
    investor = make_investor(phone="+8613800000001", email="a@customer.example")
    return make_delivery(make_notice(), investor, ref="sms-1")


def status(delivery: Delivery) -> tuple[str, int]:
    delivery.refresh_from_db()
    return delivery.state, delivery.evidence


def test_a_delivery_receipt_makes_an_event_and_a_record(delivery):
    store(event(delivery, "delivered", code="DELIVRD"))
    assert apply() == receipts.Applied(receipts=1, events=1)
    assert status(delivery) == (DeliveryState.DELIVERED, Evidence.DELIVERED)
    told = DeliveryEvent.objects.get(delivery=delivery)
    assert (told.kind, told.provider, told.provider_ref) == ("delivered", "gateway", "sms-1")
    record = Record.objects.get(action="delivery.delivered")
    assert (record.delivery, record.investor, record.notice) == (
        delivery.id,
        delivery.investor_id,
        delivery.notice_id,
    )
    assert record.actor == "system:receipts"


def test_the_raw_body_is_kept_sealed(delivery):
    receipt = store(event(delivery, "replied", text="请联系我 13800000001"))
    receipt.refresh_from_db()
    assert b"13800000001" not in bytes(receipt.body)
    assert "13800000001" in receipts.open_body(receipt).decode("unicode_escape")
    apply()
    assert "13800000001" not in json.dumps(list(Record.objects.values("payload")))
    assert DeliveryEvent.objects.get().detail == {}


def test_the_same_event_again_changes_nothing(delivery):
    told = event(delivery, "delivered")
    store(told, told)
    store(told)
    assert apply() == receipts.Applied(receipts=2, events=1, repeated=2)
    store(told)
    assert apply() == receipts.Applied(receipts=1, repeated=1)
    assert DeliveryEvent.objects.count() == 1


def test_a_late_one_never_moves_a_status_backwards(delivery):
    store(event(delivery, "opened"))
    apply()
    store(event(delivery, "accepted"), event(delivery, "delivered"), event(delivery, "bounced"))
    apply()
    assert status(delivery) == (DeliveryState.DELIVERED, Evidence.OPENED)
    assert DeliveryEvent.objects.count() == 4, "what came late is still evidence"


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    told=st.lists(st.sampled_from(["accepted", "delivered", "bounced", "opened", "clicked",
                                   "delayed", "replied"]), min_size=1, max_size=6),
    data=st.data(),
)  # fmt: skip
def test_any_order_and_repetition_end_alike(delivery, told, data):
    notice, events = delivery.notice, []  # one notice for all examples: it plays no part
    one, other = (make_delivery(notice, make_investor(), ref=f"sms-{next(_ids)}") for _ in range(2))
    for kind in told:
        identity = f"e{next(_ids)}"
        events.append((identity, kind))
    store(*(event(one, kind, id=f"{identity}a") for identity, kind in events))
    apply()
    again = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events)))))
    cut = data.draw(st.integers(0, len(again)))
    for part in (again[:cut], again[cut:]):
        store(*(event(other, kind, id=f"{identity}b") for identity, kind in part))
        apply()
    assert status(one) == status(other)
    assert one.events.count() == other.events.count() == len(events)


def test_one_call_may_speak_of_many(delivery):
    others = [make_delivery(delivery.notice, make_investor(), ref=f"sms-{n}") for n in range(2, 40)]
    store(*(event(each, "delivered") for each in [delivery, *others]))
    assert apply() == receipts.Applied(receipts=1, events=39)
    assert Delivery.objects.filter(state="delivered").count() == 39
    assert Record.objects.filter(action="delivery.delivered").count() == 39


def test_the_number_of_queries_does_not_grow(delivery, django_assert_max_num_queries):
    others = [make_delivery(delivery.notice, make_investor(), ref=f"s{n}") for n in range(50)]
    store(*(event(each, "delivered") for each in others))
    with django_assert_max_num_queries(20):
        apply()


def test_an_unknown_reference_waits_then_is_kept_with_its_error(delivery):
    receipt = store(
        {**event(delivery, "delivered"), "reference": "nobody"}, event(delivery, "opened")
    )
    assert apply() == receipts.Applied(events=1, waiting=1)
    assert status(delivery)[1] == Evidence.OPENED
    assert apply(NOW + WAIT_FOR_REFERENCE) == receipts.Applied(receipts=1, repeated=1, problems=1)
    receipt.refresh_from_db()
    assert receipt.error == "1 × unknown reference"
    assert receipt.processed_at is not None


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.QUEUED])
def test_a_receipt_that_overtakes_the_sender_waits(delivery, state):
    early = make_delivery(delivery.notice, make_investor(), state=state)
    store({**event(early, "delivered"), "reference": "", "key": f"{early.id}.0"})
    assert apply() == receipts.Applied(waiting=1)
    assert status(early) == (state, Evidence.NONE)
    for step in (DeliveryState.SENDING, DeliveryState.ACCEPTED):
        Delivery.objects.filter(pk=early.pk).update(state=step)
    assert apply() == receipts.Applied(receipts=1, events=1)
    assert status(early) == (DeliveryState.DELIVERED, Evidence.DELIVERED)


def test_a_provider_cannot_speak_for_another_channel(delivery):
    store({**event(delivery, "delivered"), "key": f"{delivery.id}.0"}, provider="smtp")
    assert apply() == receipts.Applied(waiting=1)
    assert status(delivery) == (DeliveryState.ACCEPTED, Evidence.ACCEPTED)


def test_bad_events_are_named_and_the_good_applied(delivery):
    receipt = store({"kind": "delivered"}, event(delivery, "delivered"), "?")
    assert apply() == receipts.Applied(receipts=1, events=1, problems=1)
    receipt.refresh_from_db()
    assert receipt.error.startswith("event 1:")
    assert "event 3: not an object" in receipt.error


def test_a_poisoned_receipt_does_not_hold_up_the_others(delivery):
    poisoned = store(event(delivery, "opened"))
    RawReceipt.objects.filter(pk=poisoned.pk).update(body=b"not what was sealed here")
    store(event(delivery, "delivered"))
    assert apply() == receipts.Applied(receipts=2, events=1, problems=1)
    poisoned.refresh_from_db()
    assert poisoned.error == "not applied: SealBroken"
    assert status(delivery) == (DeliveryState.DELIVERED, Evidence.DELIVERED)


def test_a_hard_bounce_suppresses_the_contact_and_a_soft_one_does_not(delivery):
    soft = make_delivery(delivery.notice, make_investor(phone="+8613800000002"), ref="sms-2")
    store(event(delivery, "bounced", permanent=True, code="UNKNOWN"), event(soft, "bounced"))
    apply()
    assert status(delivery)[0] == status(soft)[0] == DeliveryState.FAILED
    assert delivery.last_error == "bounced UNKNOWN"
    assert ContactPoint.objects.get(pk=delivery.contact_id).state == "suppressed"
    assert ContactPoint.objects.get(pk=soft.contact_id).state == "unverified"


def granted(delivery: Delivery, purpose: str) -> bool:
    return ConsentState.objects.get(investor=delivery.investor_id, purpose=purpose).granted


def test_stop_by_sms_withdraws_the_channel_and_only_that(delivery):
    store(event(delivery, "replied", text="退订"), event(delivery, "unsubscribed"))
    apply()
    assert not granted(delivery, "channel.sms")
    assert granted(delivery, "channel.email")
    assert set(delivery.events.values_list("kind", flat=True)) == {"unsubscribed"}


def test_a_complaint_suppresses_and_withdraws(delivery):
    store(event(delivery, "complained"))
    apply()
    assert not granted(delivery, "channel.sms")
    assert ContactPoint.objects.get(pk=delivery.contact_id).state == "suppressed"


@pytest.mark.parametrize("failed", [True, False])
def test_a_dsn_is_applied(delivery, failed):
    mail = make_delivery(
        delivery.notice, make_investor(email="b@customer.example"), channel="email"
    )
    Delivery.objects.filter(pk=mail.pk).update(provider_ref=f"{mail.id}.0@vouchsafe.example")
    original = f"Message-ID: <{mail.id}.0@vouchsafe.example>\r\n\r\nx".encode()
    raw = notification(original, "b@customer.example", failed=failed)
    assert receipts.apply_dsn(raw, provider="smtp", now=NOW) == receipts.Applied(1, 1)
    expected = DeliveryState.FAILED if failed else DeliveryState.DELIVERED
    assert status(mail)[0] == expected
    contact = ContactPoint.objects.get(pk=mail.contact_id)
    assert (contact.state == "suppressed") is failed


def test_mail_that_is_no_dsn_is_kept_with_its_error():
    applied = receipts.apply_dsn(b"Subject: away\r\n\r\nback soon", provider="smtp", now=NOW)
    assert applied == receipts.Applied(receipts=1, problems=1)
    assert RawReceipt.objects.get().error == "no message/delivery-status part"


def test_an_unsigned_call_is_kept_as_refused_and_never_applied(delivery):
    body = json.dumps({"events": [event(delivery, "delivered")]}).encode()
    with pytest.raises(Forbidden):
        receipts.store_receipt(provider="gateway", headers={}, body=body, now=NOW)
    receipt = RawReceipt.objects.get()
    assert (receipt.signature_ok, receipt.error) == (False, "refused: unsigned")
    assert apply() == receipts.Applied()
    assert status(delivery) == (DeliveryState.ACCEPTED, Evidence.ACCEPTED)
    assert Record.objects.filter(action="receipt.refused").count() == 1


def test_an_unknown_provider_is_refused_and_nothing_is_kept():
    with pytest.raises(NotFound):
        receipts.store_receipt(provider="stranger", headers={}, body=b"", now=NOW)
    assert RawReceipt.objects.count() == 0


def test_kinds_of_the_contract_are_all_there():
    assert set(KINDS) >= {
        "accepted", "delivered", "bounced", "complained", "opened", "clicked", "replied",
        "unsubscribed",
    }  # fmt: skip
