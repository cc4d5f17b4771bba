"""STOP and 退订 that arrive by telephone number alone; receipts ring for a worker at once."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.conf import settings

from audit.models import Record
from comms.models import RawReceipt
from comms.services import receipts
from core import clock
from investors.models import ConsentState
from tests.comms.rows import make_investor
from tests.comms.test_webhooks import post

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+8613800000001"


def incoming(client, *, phone: str = "138 0000 0001", text: str = "退订", at=None, **more):
    event = {"phone": phone, "kind": "replied", "text": text, **more}
    event["at"] = (at or clock.now()).isoformat()
    answer = post(client, json.dumps({"events": [event]}).encode())
    assert answer.status_code == 200
    return receipts.apply_pending(now=clock.now())


def consents(investor) -> dict[str, bool]:
    states = ConsentState.objects.filter(investor=investor)
    return dict(states.values_list("purpose", "granted"))


@pytest.mark.parametrize("text", ["退订", "STOP", "ｔｄ", " stop. "])
def test_the_consent_of_everybody_with_that_number_is_withdrawn(client, text):
    couple = [make_investor(phone=PHONE), make_investor(phone=PHONE)]
    other = make_investor(phone="+8613800000002")
    assert incoming(client, text=text).events == 1
    for investor in couple:
        assert consents(investor)["channel.sms"] is False
        assert consents(investor)["channel.email"] is True
    assert consents(other)["channel.sms"] is True
    told = Record.objects.get(action="optout.by_number")
    assert json.loads(told.payload) == {"known": True, "provider": "gateway", "withdrawn": 2}
    assert Record.objects.filter(action="consent.withdrawn").count() == 2
    assert PHONE[3:] not in told.payload


def test_the_same_text_told_again_takes_back_nothing_given_since(client):
    investor = make_investor(phone=PHONE)
    said = clock.now()
    incoming(client, at=said)
    ConsentState.objects.filter(investor=investor, purpose="channel.sms").update(
        granted=True, since=said + dt.timedelta(seconds=1)
    )
    incoming(client, at=said)
    assert consents(investor)["channel.sms"] is True


def test_a_number_that_nobody_has_is_recorded_without_the_number(client):
    assert incoming(client).events == 1
    told = Record.objects.get(action="optout.by_number")
    assert json.loads(told.payload) == {"known": False, "provider": "gateway", "withdrawn": 0}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"text": "when do you open?"}, "asks for nothing we know"),
        ({"kind": "delivered"}, "asks for nothing we know"),
        ({"phone": "12"}, "not a telephone number"),
    ],
)
def test_what_is_no_wish_of_a_number_is_named(client, more, problem):
    investor = make_investor(phone=PHONE)
    done = incoming(client, **more)
    assert (done.events, done.problems) == (0, 1)
    assert problem in RawReceipt.objects.get().error
    assert consents(investor)["channel.sms"] is True


def test_a_receipt_rings_for_a_worker_at_once(client):
    queue = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])
    before = set(queue.iterdir()) if queue.exists() else set()
    incoming(client)
    rung = [path.read_text() for path in set(queue.iterdir()) - before]
    assert any("comms.tasks.apply_receipts" in message for message in rung)
