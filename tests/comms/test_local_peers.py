"""The whole way out and back: channels, the peers in a process of their own, signed receipts
over HTTP into the running product, and what becomes of the deliveries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from comms.channels.email import SmtpChannel
from comms.channels.sms import HttpSmsChannel
from comms.models import Delivery, DeliveryEvent, RawReceipt
from comms.peers.sms import read_journal
from comms.peers.smtp import share_of
from comms.services import receipts
from core import clock
from tests.comms.rows import make_delivery, make_investor, make_notice, outgoing
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
FAIL_PERCENT = 40

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def peers(live_server, tmp_path) -> Iterator[dict[str, int]]:
    command = [
        sys.executable, "manage.py", "local_peers", "--smtp-port", "0", "--sms-port", "0",
        "--dir", str(tmp_path), "--receipts-url", f"{live_server.url}/api/v1/webhooks",
        "--sms-fail-percent", str(FAIL_PERCENT), "--sms-repeat-every", "3",
        "--mail-bounce-percent", str(FAIL_PERCENT),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(timeout=20) == 0


def sent(recipients: dict[str, Delivery]) -> list[tuple[str, Delivery]]:
    """Recipients in order, with the deliveries as they now stand."""
    return [(to, Delivery.objects.get(pk=delivery.pk)) for to, delivery in recipients.items()]


def hand_over(channel, recipients: dict[str, Delivery]) -> None:
    """Send and note the references, as the sender does."""
    messages = [outgoing(to, delivery=delivery) for to, delivery in recipients.items()]
    for message, outcome in zip(messages, channel.send_batch(messages), strict=True):
        Delivery.objects.filter(pk=message.delivery_id).update(provider_ref=outcome.ref)


def all_told() -> bool:
    """Apply what came in; true when every delivery was told of."""
    receipts.apply_pending(now=clock.now())
    told = DeliveryEvent.objects.values("delivery").distinct().count()
    return told == Delivery.objects.count()


def test_texts_and_mails_come_back_as_receipts(peers, tmp_path):
    notice = make_notice()
    numbers = [f"+86138000000{n:02d}" for n in range(20)]
    addresses = [f"user{n}@customer.example" for n in range(10)]
    texts = {to: make_delivery(notice, make_investor(phone=to)) for to in numbers}
    mails = {
        to: make_delivery(notice, make_investor(email=to), channel="email") for to in addresses
    }
    sms_url = f"http://127.0.0.1:{peers['sms_port']}/v1/messages"
    hand_over(HttpSmsChannel({"name": "gateway", "url": sms_url, "secret": "local-gateway"}), texts)
    smtp_url = f"smtp://127.0.0.1:{peers['smtp_port']}"
    hand_over(SmtpChannel({"name": "smtp", "url": smtp_url}), mails)
    until(all_told, seconds=20)
    for to, delivery in sent(texts) + sent(mails):
        expected = "failed" if share_of(to) < FAIL_PERCENT else "delivered"
        assert delivery.state == expected, to
    assert len(read_journal(tmp_path / "sms.jsonl")) == len(numbers)
    assert len(list((tmp_path / "mail").glob("*.eml"))) == len(addresses)
    assert RawReceipt.objects.filter(signature_ok=True).exists()
    assert DeliveryEvent.objects.count() == len(numbers) + len(addresses), "repeats count once"
