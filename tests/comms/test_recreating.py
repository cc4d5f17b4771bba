"""Any sent message can be made again byte for byte, and proven (L6)."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine

from audit import sealing
from comms.channels import base
from comms.channels.base import Style
from comms.models import Delivery, InboxMessage
from comms.recreating.models import SendingStyle
from comms.recreating.selectors import recreate
from comms.services import recovery
from core import clock
from tests.builders import approved_template, make_investor, make_investors, make_planned, send_all
from tests.comms.rows import outgoing
from tests.portal.peers import Peers, running
from tests.templates_mgmt.builders import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def peers(tmp_path, settings):
    with running(tmp_path, settings) as both:
        yield both


def mails(peers: Peers) -> set[bytes]:
    """The bytes that the mail server kept."""
    return {path.read_bytes() for path in peers.mail.kept()}


def made(channel: str) -> list:
    """Every message of a channel, made again and proven."""
    found = [recreate(delivery) for delivery in Delivery.objects.filter(channel=channel)]
    assert all(one is not None and one.proven and one.record is not None for one in found)
    return found


def years_later(settings) -> None:
    """Nothing is as it was: settings, wordings, and (by the caller) the clock."""
    settings.MAIL_FROM = "Another firm <other@elsewhere.example>"
    settings.MAIL_DOMAIN = "elsewhere.example"
    settings.PUBLIC_URL = "https://elsewhere.example"
    settings.CHANNEL_PROVIDERS = {}
    base.provider.cache_clear()
    make_draft(code="another")


@pytest.fixture
def sent(peers, settings):
    """Notices sent on every channel to three people; then the world changed."""
    make_investors(2)
    make_investors(1, language="en", name='O\'Neil "Jo" 王')
    version = approved_template()
    make_planned(version, channels={"parallel": ["email", "sms", "inbox"]})
    assert send_all() == 9
    years_later(settings)
    with time_machine.travel(dt.datetime(2031, 5, 1, tzinfo=dt.UTC), tick=True):
        yield peers


def test_a_mail_is_the_one_that_the_server_kept(sent):
    assert {one.wire for one in made("email")} == mails(sent)
    assert {one.file_ending for one in made("email")} == {"eml"}


def test_a_text_is_the_one_in_the_gateways_request(sent):
    accepted = {entry["key"]: entry for entry in sent.sms.accepted()}
    for one in made("sms"):
        told = json.loads(one.wire)
        assert accepted[told["key"]]["to"] == told["to"]
        assert accepted[told["key"]]["text"] == told["text"]


def test_an_inbox_message_is_the_one_that_lies_there(sent):
    for one in made("inbox"):
        row = InboxMessage.objects.get(delivery=one.message.delivery_id)
        key = sealing.key_of(row.investor_id)
        lies = sealing.unseal_text(key, bytes(row.body_sealed), context="inbox")
        assert one.wire == lies.encode()


def test_the_request_is_exactly_its_parts(peers, monkeypatch):
    """Nothing but the committed bytes goes to the gateway."""
    bodies = []
    provider = base.provider("sms")
    post = provider._post
    monkeypatch.setattr(provider, "_post", lambda url, body: bodies.append(body) or post(url, body))
    make_investors(3)
    make_planned()
    send_all()
    parts = {one.message.idempotency_key: one.wire for one in made("sms")}
    keys = [message["key"] for message in json.loads(bodies[0])["messages"]]
    assert bodies == [b'{"messages": [' + b", ".join(parts[key] for key in keys) + b"]}"]


def test_a_repeated_message_is_the_same_to_the_byte(peers):
    """An attempt whose outcome is unknown is repeated later, with the first date and words."""
    make_investor()
    peers.sms.gateway.set_fault("500", 1, 0)
    make_planned()
    send_all()
    first = recreate(Delivery.objects.get()).wire
    lease = Delivery.objects.get().lease_until + dt.timedelta(seconds=1)
    with time_machine.travel(lease, tick=True):
        recovery.recover_expired(now=clock.now())
        send_all()
    assert Delivery.objects.get().state == "accepted"
    assert made("sms")[0].wire == first


def test_another_byte_is_not_proven(peers):
    make_investor()
    make_planned(channels={"parallel": ["email"]})
    send_all()
    delivery = Delivery.objects.get()
    assert recreate(delivery).proven
    delivery.language = "zh-hans" if delivery.language == "en" else "en"
    assert not recreate(delivery).proven
    delivery.refresh_from_db()
    delivery.key_group += 1
    assert not recreate(delivery).proven


def test_the_proof_is_the_ledgers_not_the_rows(peers):
    """Who rewrites the delivery, commitment and all, still has the ledger against them."""
    make_investor()
    make_planned(channels={"parallel": ["email"]})
    send_all()
    delivery = Delivery.objects.get()
    delivery.commitment = bytes(32)
    assert recreate(delivery).proven


def test_of_an_erased_investor_nothing_is_left(peers):
    make_investor()
    make_planned()
    send_all()
    delivery = Delivery.objects.get()
    delivery.content_sealed = bytes(delivery.content_sealed)[:-1] + b"\0"
    assert recreate(delivery) is None


def test_one_style_for_one_kind_of_provider(sent):
    assert sorted(style.content["kind"] for style in SendingStyle.objects.all()) == [
        "http-sms", "inbox", "smtp",
    ]  # fmt: skip


def test_the_bytes_of_messages_already_sent_do_not_change_with_the_code():
    """Golden: changing these breaks every proof of what was sent. Add a kind instead."""
    message = outgoing("a@customer.example", html="<p>Please act.</p>")._replace(
        idempotency_key="01900000-0000-7000-8000-000000000001.0",
        date="Mon, 02 Mar 2026 09:30:00 +0000",
        headers={"Vouchsafe-Purpose": "x"},
    )
    style = Style("smtp", "Firm <n@firm.example>", "firm.example", "https://firm.example")
    assert base.wire_of(message, style) == GOLDEN.replace("\n", "\r\n").encode()
    assert base.wire_of(message, style._replace(kind="http-sms")) == (
        b'{"key": "01900000-0000-7000-8000-000000000001.0", "to": "a@customer.example", '
        b'"text": "Please act.\\n"}'
    )
    assert base.wire_of(message, style._replace(kind="inbox")) == (
        b'{"subject": "Margin call", "text": "Please act.\\n", "html": "<p>Please act.</p>"}'
    )


GOLDEN = """\
From: "Firm" <n@firm.example>
To: a@customer.example
Subject: Margin call
Date: Mon, 02 Mar 2026 09:30:00 +0000
Message-ID: <01900000-0000-7000-8000-000000000001.0@firm.example>
Auto-Submitted: auto-generated
Content-Language: en
Vouchsafe-Purpose: x
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="part-d2a864449f1acecafa41885e3ab753c2"

--part-d2a864449f1acecafa41885e3ab753c2
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

Please act.

--part-d2a864449f1acecafa41885e3ab753c2
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

<p>Please act.</p>
--part-d2a864449f1acecafa41885e3ab753c2--
"""
