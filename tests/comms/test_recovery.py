"""Workers that die, answers that get lost: nobody skipped, nobody sent twice."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Record
from comms.channels.base import Accepted, SendError, Unseen
from comms.models import Delivery, DeliveryEvent
from comms.services import claiming, notices, recovery, sending
from comms.services.claiming import LEASE
from core import clock
from core.actor import system
from investors import services as investors
from tests.builders import make_investor, make_investors, make_planned, releaser
from tests.comms.scripted import Died

pytestmark = pytest.mark.django_db(transaction=True)
LATER = LEASE + dt.timedelta(seconds=1)


def die() -> None:
    raise Died


def crash(sms, *, accepted: bool = False) -> dt.datetime:
    """A worker claims one delivery and dies in the provider's call; returns when it did."""
    make_investor()
    make_planned()
    now = clock.now()
    sms.before = die
    with pytest.raises(Died):
        sending.send_batch(worker="first", now=now)
    sms.before = lambda: None
    if accepted:
        sms.known = {sms.given[0].idempotency_key: Accepted("the-first")}
    return now


def only() -> Delivery:
    return Delivery.objects.get()


def records() -> list[str]:
    found = Record.objects.filter(delivery__isnull=False).order_by("id")
    return [action.removeprefix("delivery.") for action in found.values_list("action", flat=True)]


def test_before_the_lease_is_over_nobody_touches_it(sms):
    now = crash(sms)
    assert only().state == "sending"
    assert recovery.recover_expired(now=now + LEASE / 2) == 0
    assert sending.send_batch(worker="second", now=now + LEASE / 2) == 0


def test_a_provider_that_answers_tells_that_it_has_the_message(sms):
    sms.can_answer = True
    now = crash(sms, accepted=True)
    assert recovery.recover_expired(now=now + LATER) == 1
    assert (only().state, only().provider_ref) == ("accepted", "the-first")
    assert (records(), len(sms.given)) == (["accepted"], 1)


def test_a_provider_that_never_saw_it_gets_it_again(sms):
    sms.can_answer = True
    now = crash(sms)
    sms.known = {sms.given[0].idempotency_key: Unseen()}
    recovery.recover_expired(now=now + LATER)
    assert (only().state, records()) == ("queued", ["requeued"])
    sending.send_batch(worker="second", now=now + LATER)
    assert (only().state, records()) == ("accepted", ["requeued", "accepted"])


def test_a_provider_that_knows_keys_gets_the_very_same_message_again(sms):
    sms.idempotent = True
    now = crash(sms)
    recovery.recover_expired(now=now + LATER)
    sending.send_batch(worker="second", now=now + LATER)
    first, second = sms.given
    assert first == second, "same key, same address, same bytes"
    assert (only().state, records()) == ("accepted", ["requeued", "accepted"])


def test_with_a_provider_that_can_do_neither_nobody_claims_to_know(sms):
    now = crash(sms)
    recovery.recover_expired(now=now + LATER)
    assert (only().state, records(), len(sms.given)) == ("unconfirmed", ["unconfirmed"], 1)
    assert sending.send_batch(worker="second", now=now + LATER) == 0


def test_a_silent_provider_is_asked_again_and_given_up_after_an_hour(sms):
    sms.can_answer = True
    now = crash(sms)
    recovery.recover_expired(now=now + LATER)
    assert only().state == "sending"
    hour = now + recovery.SILENCE + 3 * LEASE
    recovery.recover_expired(now=hour)
    assert only().state == "unconfirmed"


def test_an_unknown_outcome_is_recovered_soon(sms):
    sms.idempotent = True
    sms.answer = lambda message: SendError(False, "answer_lost", unknown=True)
    make_investor()
    make_planned()
    now = clock.now()
    sending.send_batch(worker="first", now=now)
    assert (only().state, records()) == ("sending", [])
    sms.answer = lambda message: Accepted("second")
    soon = now + dt.timedelta(seconds=30)
    recovery.recover_expired(now=soon)
    sending.send_batch(worker="second", now=soon)
    assert (only().state, only().provider_ref) == ("accepted", "second")
    assert sms.given[0].idempotency_key == sms.given[1].idempotency_key


def test_whoever_lost_the_lease_writes_nothing(sms):
    """The first worker is slow, not dead: the second has settled the row meanwhile."""
    sms.idempotent = True
    make_investor()
    make_planned()
    now = clock.now()

    def meanwhile() -> None:
        sms.before = lambda: None
        recovery.recover_expired(now=now + LATER)
        sending.send_batch(worker="second", now=now + LATER)

    sms.before = meanwhile
    sending.send_batch(worker="first", now=now)
    assert len(sms.given) == 2
    assert (only().state, records()) == ("accepted", ["requeued", "accepted"])
    assert DeliveryEvent.objects.filter(kind="accepted").count() == 1


def test_a_late_definite_answer_beats_unconfirmed(sms):
    make_investor()
    make_planned()
    now = clock.now()
    sms.before = lambda: recovery.recover_expired(now=now + LATER) and None
    sending.send_batch(worker="first", now=now)
    assert (only().state, records()) == ("accepted", ["unconfirmed", "accepted"])


def test_after_its_deadline_a_worker_hands_nothing_over(sms):
    make_investor()
    make_planned()
    claim = claiming.claim_batch(
        actor=system("slow"), now=clock.now(), limit=10, channel=None, lease=dt.timedelta(0)
    )
    outcomes = sending.hand_over(sms, [item.message for item in claim.ready], deadline=0.0)
    assert (outcomes, sms.given) == ([SendError(False, "lease_over")], [])


@pytest.mark.parametrize("event", ["consent withdrawn", "notice cancelled"])
def test_what_may_have_arrived_is_never_called_refused_or_cancelled(sms, event):
    sms.idempotent = True
    now = crash(sms)
    recovery.recover_expired(now=now + LATER)
    if event == "consent withdrawn":
        investors.withdraw_consent(
            investor_id=only().investor_id,
            purpose="channel.sms",
            method="portal",
            actor=system("test"),
            now=now,
        )
        sending.send_batch(worker="second", now=now + LATER)
    else:
        from comms.services import closing

        notices.cancel_notice(
            notice_id=only().notice_id, reason="wrong", actor=releaser(), now=clock.now()
        )
        assert closing.cancel_open(now=now + LATER) == 1
    assert (only().state, len(sms.given)) == ("unconfirmed", 1)


def test_two_workers_share_the_work(sms):
    make_investors(10)
    make_planned()
    actor = system("first")
    now = clock.now()
    claim = claiming.claim_batch(actor=actor, now=now, limit=4, channel=None, lease=LEASE)
    assert sending.send_batch(worker="second", now=now, limit=100) == 6
    assert {item.row.id for item in claim.ready}.isdisjoint(m.delivery_id for m in sms.given)
