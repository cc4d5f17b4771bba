"""Sending: the check at the instant of sending, outcomes, and what is written about them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db.models import TextField
from django.db.models.functions import Cast

from audit.models import Record
from comms import selectors
from comms.channels.base import Accepted, SendError
from comms.models import Delivery, DeliveryEvent
from comms.planning import MAX_ATTEMPTS
from comms.services import closing, notices, sending
from core import clock
from core.actor import system
from investors import services as investors
from investors.models import ContactPoint
from templates_mgmt import services as templates
from tests.audit.retention import no_duties
from tests.builders import (
    approved_template,
    make_investor,
    make_investors,
    make_planned,
    releaser,
    send_all,
)
from tests.templates_mgmt.builders import reviewer

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = system("test")


def payloads(action: str) -> list[dict]:
    rows = Record.objects.filter(action=action).annotate(text=Cast("payload", TextField()))
    return [json.loads(row.text) for row in rows]


def only() -> Delivery:
    return Delivery.objects.get()


def test_every_hand_over_has_one_event_and_one_record(null_providers):
    make_investors(5)
    notice = make_planned()
    assert send_all() == 5
    accepted = Delivery.objects.filter(state="accepted")
    assert accepted.count() == 5
    assert sorted(DeliveryEvent.objects.values_list("delivery", "kind")) == sorted(
        accepted.values_list("pk", "state")
    )
    records = Record.objects.filter(action="delivery.accepted", notice=notice.pk)
    assert {row.delivery for row in records} == {row.pk for row in accepted}
    assert all(row.sealed is not None and row.actor == "system:test" for row in records)
    assert send_all() == 0
    assert closing.finish_notices(now=clock.now()) == 1


def test_the_message_can_be_made_again_and_matches_its_commitment(sms):
    make_investor(name="李雷")
    notice = make_planned()
    send_all()
    message, matches = selectors.sent_message(only())
    assert (message.text, matches) == (sms.given[0].text, True)
    assert "李雷您好" in message.text and notice.code in message.text
    assert payloads("delivery.accepted") == [
        {
            "attempt": 1,
            "channel": "sms",
            "content": bytes(only().commitment).hex(),
            "provider": "scripted",
            "ref": sms.given[0].to,
        }
    ]


def test_nothing_personal_stands_open_in_records_events_or_deliveries(sms):
    sms.answer = lambda message: Accepted("ref-1")
    make_investor(name="李雷")
    make_planned()
    send_all()
    rows = [
        *payloads("delivery.accepted"),
        *DeliveryEvent.objects.values(),
        *Delivery.objects.values(),
    ]
    text = str(rows) + str([bytes(row.sealed) for row in Record.objects.exclude(sealed=None)])
    assert "李雷" not in text and sms.given[0].to not in text


@pytest.mark.parametrize("change", ["consent", "contact", "wording"])
def test_what_was_revoked_while_queued_is_refused(sms, change):
    gone, stays = make_investors(2)
    version = approved_template()
    make_planned(version)
    if change == "consent":
        investors.withdraw_consent(
            investor_id=gone, purpose="channel.sms", method="portal", actor=PERSON, now=clock.now()
        )
        expected = {gone: ("refused", "no_consent"), stays: ("accepted", "")}
    elif change == "contact":
        contact = ContactPoint.objects.get(investor=gone, kind="phone")
        investors.suppress_contact(
            contact_id=contact.pk, reason="hard_bounce", actor=PERSON, now=clock.now()
        )
        expected = {gone: ("refused", "suppressed"), stays: ("accepted", "")}
    else:
        templates.recall(version_id=version.pk, reason="wrong", actor=reviewer(), now=clock.now())
        expected = dict.fromkeys([gone, stays], ("refused", "not_approved"))
    send_all()
    rows = Delivery.objects.values_list("investor", "state", "last_error")
    assert {investor: (state, error) for investor, state, error in rows} == expected
    refused = payloads("delivery.refused")
    assert {row["reason"] for row in refused} == {error for _s, error in expected.values() if error}
    assert len(sms.given) == sum(state == "accepted" for state, _e in expected.values())


def test_an_erased_investor_is_refused(sms, admin_conninfo):
    import psycopg

    make_investor()
    make_planned()
    no_duties()
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute("UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now()")
    send_all()
    assert (only().state, only().last_error, sms.given) == ("refused", "erased", [])


def test_quiet_hours_hold_at_the_instant_of_sending_and_let_go(sms):
    night = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)  # 23:00 in Shanghai
    make_investor(quiet=(dt.time(22), dt.time(8)))
    make_planned()
    Delivery.objects.filter(state="held").update(state="queued", due_at=night)
    Delivery.objects.update(due_at=night)
    assert sending.send_batch(worker="test", now=night) == 1
    assert (only().state, only().held_reason) == ("held", "quiet_hours")
    assert only().due_at == dt.datetime(2026, 3, 3, 0, 0, tzinfo=dt.UTC)
    from comms.services import fallback

    assert fallback.release_held(now=night) == 0
    morning = only().due_at
    assert fallback.release_held(now=morning) == 1
    assert sending.send_batch(worker="test", now=morning) == 1
    assert only().state == "accepted"


def test_a_temporary_refusal_is_tried_again_later_under_a_new_key(sms):
    sms.answer = lambda message: SendError(False, "http_429")
    make_investor()
    make_planned()
    now = clock.now()
    assert sending.send_batch(worker="test", now=now) == 1
    assert sending.send_batch(worker="test", now=now) == 0, "not before its time"
    for _ in range(MAX_ATTEMPTS):
        now = only().due_at + dt.timedelta(seconds=1)
        sending.send_batch(worker="test", now=now)
    assert (only().state, only().last_error, only().attempts) == (
        "failed",
        "http_429",
        MAX_ATTEMPTS,
    )
    assert len({message.idempotency_key for message in sms.given}) == MAX_ATTEMPTS
    kinds = list(DeliveryEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["delayed"] * (MAX_ATTEMPTS - 1) + ["failed"]


def test_a_poison_row_fails_alone(sms):
    poison, *fine = make_investors(3)
    sms.answer = lambda m: (
        SendError(True, "no_such_number") if m.investor_id == poison else Accepted(m.to)
    )
    make_planned()
    send_all()
    assert Delivery.objects.get(investor=poison).state == "failed"
    assert Delivery.objects.filter(state="accepted").count() == len(fine)


def test_a_pause_stops_the_next_batch_and_a_resume_goes_on_exactly(sms):
    make_investors(4)
    notice = make_planned()
    actor = releaser()
    sending.send_batch(worker="test", now=clock.now(), limit=1)
    notices.pause_notice(notice_id=notice.pk, reason="figure", actor=actor, now=clock.now())
    assert send_all() == 0
    notices.resume_notice(notice_id=notice.pk, reason="checked", actor=actor, now=clock.now())
    assert send_all() == 3
    assert len({message.delivery_id for message in sms.given}) == len(sms.given) == 4


def test_the_most_critical_notice_goes_first(sms):
    make_investor()
    routine = make_planned(criticality="routine")
    urgent = make_planned(
        criticality="critical", channels={"parallel": ["sms", "inbox"], "fallback": ["email"]}
    )
    sending.send_batch(worker="test", now=clock.now())
    sending.send_batch(worker="test", now=clock.now())
    states = dict(Delivery.objects.filter(rank=0).values_list("notice", "state"))
    assert (states[urgent.pk], states[routine.pk]) == ("accepted", "queued")
