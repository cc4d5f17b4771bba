"""A notice over real SMTP and HTTP: what the providers' answers and receipts make of it."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator

import pytest

from comms import signing
from comms.models import Delivery
from comms.peers.sms import SmsPeer
from comms.peers.smtp import MailPeer
from comms.services import receipts, recovery
from core import clock
from investors.models import ContactPoint
from tests.builders import make_investors, make_planned, send_all
from tests.portal.peers import Peers, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def peers(tmp_path, settings) -> Iterator[Peers]:
    with running(tmp_path, settings) as both:
        yield both


def states(channel: str) -> dict[str, int]:
    found = Delivery.objects.filter(channel=channel).values_list("state", flat=True)
    return {state: list(found).count(state) for state in set(found)}


def report(sms: SmsPeer, kind: str, **more: object) -> None:
    """A signed receipt for everything that the gateway accepted."""
    events = [
        {"id": f"{kind}-{entry['reference']}", "reference": entry["reference"], "kind": kind,
         "at": clock.now().isoformat(), **more}
        for entry in sms.accepted()
    ]  # fmt: skip
    body = json.dumps({"events": events}).encode()
    headers = signing.headers("s", "msg_1", int(time.time()), body)
    receipts.store_receipt(provider="gateway", headers=headers, body=body, now=clock.now())
    receipts.apply_pending(now=clock.now())


def test_a_mail_carries_what_it_must_and_one_session_carries_many(peers):
    make_investors(6)
    notice = make_planned(channels={"parallel": ["email"]})
    send_all()
    assert states("email") == {"accepted": 6}
    for mail in peers.mail.messages():
        assert mail["Vouchsafe-Check-Code"] == notice.code
        assert notice.code in mail.get_body(("plain",)).get_content()
        assert "/u/" in mail["List-Unsubscribe"]
    assert peers.mail.keeper.sessions == 1


def test_a_dead_address_is_suppressed_and_the_fallback_starts(peers):
    make_investors(1)
    refuse(peers.mail, "550 5.1.1 no such user")
    make_planned(channels={"parallel": ["email"], "fallback": ["sms"]})
    send_all()
    assert states("email") == {"failed": 1}
    assert states("sms") == {"accepted": 1}
    assert ContactPoint.objects.get(kind="email").state == "suppressed"


def test_a_full_mailbox_is_no_dead_address(peers):
    make_investors(1)
    refuse(peers.mail, "552 5.2.2 mailbox full")
    make_planned(channels={"parallel": ["email"]})
    send_all()
    assert states("email") == {"failed": 1}
    assert ContactPoint.objects.get(kind="email").state != "suppressed"


def refuse(mail: MailPeer, reply: str) -> None:
    mail.rules.refuse_all = reply


def test_a_text_that_bounces_wakes_the_fallback(peers):
    make_investors(3)
    make_planned(channels={"parallel": ["sms"], "fallback": ["email"]})
    send_all()
    assert states("email") == {"standby": 3}
    report(peers.sms, "bounced")
    assert states("sms") == {"failed": 3}
    send_all()
    assert states("email") == {"accepted": 3}
    assert len(peers.mail.kept()) == 3


def test_what_arrives_spares_the_fallback(peers):
    make_investors(2)
    make_planned(channels={"parallel": ["sms"], "fallback": ["email"], "until": "delivered"})
    send_all()
    report(peers.sms, "delivered")
    assert states("sms") == {"delivered": 2}
    assert states("email") == {"not_needed": 2}
    assert peers.mail.kept() == []


def test_a_gateway_that_took_it_and_then_failed_sends_nothing_twice(peers):
    make_investors(5)
    peers.sms.gateway.set_fault("accept-then-500", 1, 0)
    make_planned()
    send_all()
    assert states("sms") == {"sending": 5}
    lease = Delivery.objects.latest("lease_until").lease_until
    recovery.recover_expired(now=lease + dt.timedelta(seconds=1))
    assert states("sms") == {"accepted": 5}
    assert len(peers.sms.accepted()) == 5
    refs = set(Delivery.objects.values_list("provider_ref", flat=True))
    assert refs == {entry["reference"] for entry in peers.sms.accepted()}
