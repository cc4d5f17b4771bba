"""The portal inbox: sealed rows, once each."""

from __future__ import annotations

import json

import pytest

from audit import sealing
from audit.models import SubjectKey
from comms.channels.base import Accepted, SendError, Unseen
from comms.channels.inbox import InboxChannel
from comms.models import InboxMessage
from tests.audit.retention import no_duties
from tests.comms.rows import make_delivery, make_investor, make_notice, outgoing

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox() -> InboxChannel:
    return InboxChannel({"name": "inbox"})


@pytest.fixture
def deliveries():
    notice = make_notice()
    return [make_delivery(notice, make_investor(), channel="inbox") for _ in range(3)]


def test_messages_are_written_sealed_and_can_be_opened(inbox, deliveries):
    messages = [outgoing("", text="正文", delivery=delivery) for delivery in deliveries]
    outcomes = inbox.send_batch(messages)
    assert all(isinstance(outcome, Accepted) and outcome.delivered for outcome in outcomes)
    row = InboxMessage.objects.get(delivery=deliveries[0])
    assert (row.investor_id, row.notice_id) == (deliveries[0].investor_id, deliveries[0].notice_id)
    assert "正文".encode() not in bytes(row.body_sealed)
    opened = sealing.unseal_text(sealing.key_of(row.investor_id), row.body_sealed, context="inbox")
    assert json.loads(opened) == {"subject": "Margin call", "text": "正文", "html": ""}


def test_the_same_message_twice_is_one_row_and_keeps_the_first(inbox, deliveries):
    first = inbox.send_batch([outgoing("", delivery=deliveries[0])])
    before = bytes(InboxMessage.objects.get().body_sealed)
    assert inbox.send_batch([outgoing("", text="other", delivery=deliveries[0])]) == first
    assert bytes(InboxMessage.objects.get().body_sealed) == before


def test_an_erased_investor_gets_nothing_and_the_others_do(inbox, deliveries):
    no_duties()
    SubjectKey.objects.filter(subject=deliveries[1].investor_id).update(wrapped=None)
    outcomes = inbox.send_batch([outgoing("", delivery=delivery) for delivery in deliveries])
    assert outcomes[1] == SendError(True, "subject_erased")
    assert InboxMessage.objects.count() == 2


def test_status_always_knows(inbox, deliveries):
    there, absent = (outgoing("", delivery=delivery) for delivery in deliveries[:2])
    (outcome,) = inbox.send_batch([there])
    assert inbox.status([there.idempotency_key, absent.idempotency_key]) == {
        there.idempotency_key: outcome,
        absent.idempotency_key: Unseen(),
    }
