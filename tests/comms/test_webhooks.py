"""The webhook over HTTP: forged, replayed, stale, too long."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms import signing
from comms.models import DeliveryEvent, RawReceipt
from comms.peers.smtp import notification
from comms.services import receipts
from core import clock
from tests.comms.rows import make_delivery, make_investor, make_notice

pytestmark = pytest.mark.django_db
SECRETS = {"gateway": "local-gateway", "smtp": "local-mail-server"}


@pytest.fixture
def delivery():
    return make_delivery(make_notice(), make_investor(phone="+8613800000001"), ref="sms-1")


def body_of(delivery, kind: str = "delivered") -> bytes:
    event = {"id": "e1", "reference": delivery.provider_ref, "kind": kind}
    return json.dumps({"events": [{**event, "at": clock.now().isoformat()}]}).encode()


def post(client, body: bytes, *, provider="gateway", headers=None, content_type=None, age=0):
    signed = signing.headers(
        SECRETS.get(provider, "x"), "msg_1", int(clock.now().timestamp()) - age, body
    )
    return client.post(
        reverse("webhook", args=[provider]),
        data=body,
        content_type=content_type or "application/json",
        headers=signed if headers is None else headers,
    )


def test_an_authentic_call_is_stored_at_once_and_applied_later(client, delivery):
    answer = post(client, body_of(delivery))
    assert answer.status_code == 200
    assert DeliveryEvent.objects.count() == 0
    assert receipts.apply_pending(now=clock.now()).events == 1


def test_a_call_without_session_or_csrf_token_is_enough(delivery):
    assert post(Client(enforce_csrf_checks=True), body_of(delivery)).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"webhook-signature": "v1,AAAA"}, "bad_signature"),
        ({"webhook-signature": ""}, "unsigned"),
        ({"webhook-id": "msg_other"}, "bad_signature"),
        ({"webhook-timestamp": "0"}, "bad_signature"),
    ],
)
def test_a_forged_call_is_refused_and_kept_as_refused(client, delivery, change, code):
    body = body_of(delivery)
    good = signing.headers(SECRETS["gateway"], "msg_1", int(clock.now().timestamp()), body)
    answer = post(client, body, headers={**good, **change})
    assert (answer.status_code, answer["content-type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == code
    kept = RawReceipt.objects.get()
    assert (kept.signature_ok, kept.error) == (False, f"refused: {code}")
    assert Record.objects.get(action="receipt.refused").actor == "system:receipts"
    assert receipts.apply_pending(now=clock.now()).events == 0


def test_the_secret_of_another_provider_does_not_do(client, delivery):
    body = body_of(delivery)
    foreign = signing.headers(SECRETS["smtp"], "msg_1", int(clock.now().timestamp()), body)
    assert post(client, body, headers=foreign).status_code == 401


@pytest.mark.parametrize("age", [400, -400])
def test_a_stale_or_future_call_is_refused(client, delivery, age):
    answer = post(client, body_of(delivery), age=age)
    assert (answer.status_code, answer.json()["code"]) == (401, "stale_timestamp")


def test_a_replayed_call_changes_nothing(client, delivery):
    body = body_of(delivery)
    signed = signing.headers(SECRETS["gateway"], "msg_1", int(clock.now().timestamp()), body)
    for _ in range(3):
        assert post(client, body, headers=signed).status_code == 200
    receipts.apply_pending(now=clock.now())
    assert DeliveryEvent.objects.count() == 1


def test_a_dsn_comes_in_as_mail(client):
    investor = make_investor(email="a@customer.example")
    mail = make_delivery(make_notice(), investor, channel="email")
    original = f"Message-ID: <{mail.id}.0@vouchsafe.example>\r\n\r\nx".encode()
    raw = notification(original, "a@customer.example", failed=False)
    answer = post(client, raw, provider="smtp", content_type="message/rfc822")
    assert answer.status_code == 200
    receipts.apply_pending(now=clock.now())
    mail.refresh_from_db()
    assert mail.state == "delivered"


def test_other_refusals(client, delivery, settings):
    assert post(client, b"{}", provider="stranger").status_code == 404
    assert client.get(reverse("webhook", args=["gateway"])).status_code == 405
    assert post(client, b" " * (receipts.MAX_BODY + 1)).status_code == 413
    settings.CHANNEL_PROVIDERS = {"sms": [{"name": "gateway", "kind": "http-sms", "url": "x"}]}
    answer = post(client, b"{}")
    assert (answer.status_code, answer.json()["code"]) == (401, "no_secret")
