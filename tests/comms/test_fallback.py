"""Fallback channels: started when needed, spared when not, each exactly once."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Record
from comms import selectors
from comms.channels.base import Accepted, SendError
from comms.models import Delivery
from comms.services import closing, fallback
from core import clock
from tests.builders import CRITICAL, make_investor, make_investors, make_planned, send_all

pytestmark = pytest.mark.django_db(transaction=True)


def planned(**plan):
    return make_planned(criticality="critical", channels={**CRITICAL, "wait_seconds": 60, **plan})


def state(channel: str) -> str:
    return Delivery.objects.get(channel=channel).state


def test_a_failed_channel_starts_the_fallback_at_once(sms):
    sms.answer = lambda message: SendError(True, "no_such_number")
    make_investor()
    planned()
    assert state("email") == "standby"
    send_all()
    assert (state("sms"), state("email")) == ("failed", "accepted")
    assert Record.objects.filter(action="delivery.activated").count() == 1


def test_two_channels_that_arrived_spare_it(sms, settings):
    settings.CHANNEL_PROVIDERS = {
        **settings.CHANNEL_PROVIDERS,
        "inbox": [{"name": "inbox", "kind": "inbox"}],
    }
    sms.answer = lambda message: Accepted("r", delivered=True)
    make_investor()
    notice = planned()
    send_all()
    assert (state("sms"), state("inbox"), state("email")) == (
        "delivered",
        "delivered",
        "not_needed",
    )
    assert closing.finish_notices(now=clock.now()) == 1
    assert selectors.notice_progress(notice.pk, now=clock.now()).total == 2


def test_silence_starts_it_when_the_wait_is_over(sms):
    make_investor()
    planned()
    send_all()
    handed = Delivery.objects.get(channel="sms").handed_at
    assert fallback.advance(now=handed + dt.timedelta(seconds=59)) == 0
    assert state("email") == "standby"
    due = handed + dt.timedelta(seconds=61)
    assert fallback.advance(now=due) == 1
    assert fallback.advance(now=due) == 0
    assert state("email") == "queued"


def test_the_wait_begins_with_the_hand_over_not_with_the_planning(sms):
    make_investor()
    notice = planned()
    late = notice.planned_at + dt.timedelta(seconds=300)
    assert fallback.advance(now=late) == 0
    assert state("email") == "standby"


def test_many_fallbacks_move_in_batches(sms):
    sms.answer = lambda message: Accepted("r")
    make_investors(7)
    planned()
    send_all()
    due = clock.now() + dt.timedelta(seconds=100)
    assert fallback.advance(now=due, limit=3) == 7
    assert Delivery.objects.filter(channel="email", state="queued").count() == 7


def test_a_wording_refused_at_sending_starts_the_fallback_too(sms):
    from core.actor import system
    from investors import services as investors

    investor = make_investor()
    planned()
    investors.withdraw_consent(
        investor_id=investor.pk,
        purpose="channel.sms",
        method="portal",
        actor=system("test"),
        now=clock.now(),
    )
    send_all()
    assert (state("sms"), state("email")) == ("refused", "accepted")
