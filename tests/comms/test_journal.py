"""Events and records of what happened, written in bulk."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical_text
from audit.leaf import Subjects
from audit.record import line_maker, line_of
from comms import bulk, journal
from comms.journal import Happening
from comms.models import DeliveryEvent
from comms.rules import EventKind
from core import clock
from core.actor import system
from tests.builders import make_investor, make_planned

text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(text, text, st.integers(0, 9), st.binary(min_size=32, max_size=32))
def test_the_written_out_payload_is_the_canonical_one(provider, ref, attempt, commitment):
    happening = Happening(
        delivery=clock.uuid7(),
        notice=clock.uuid7(),
        investor=clock.uuid7(),
        channel="sms",
        kind=EventKind.ACCEPTED,
        at=clock.now(),
        attempt=attempt,
        provider=provider,
        provider_ref=ref,
        commitment=commitment,
    )
    assert journal._payload(happening) == journal.payload_of(happening)


@pytest.mark.django_db
@given(st.lists(text, max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_array_literals_read_back_as_given(words, blobs):
    assert bulk.fetch("SELECT %s::text[]", [bulk.texts(words)]) == [(words,)]
    assert bulk.fetch("SELECT %s::bytea[]", [bulk.blobs(blobs)]) == [(blobs,)]


@pytest.mark.django_db(transaction=True)
def test_an_event_keeps_every_character_of_a_providers_words(null_providers):
    make_investor()
    delivery = make_planned().deliveries.get()
    odd = 'tab\there "quoted" back\\slash\nnew line \\N'
    happening = Happening(
        delivery=delivery.pk,
        notice=delivery.notice_id,
        investor=delivery.investor_id,
        channel="sms",
        kind=EventKind.FAILED,
        at=clock.now(),
        provider_ref=odd,
        dedupe=odd,
        payload={"text": odd},
    )
    with transaction.atomic():
        journal.write([happening], actor=system("test"), now=clock.now())
    event = DeliveryEvent.objects.get(kind="failed")
    assert (event.provider_ref, event.dedupe, event.detail) == (odd, odd, {"text": odd})


@given(text, st.none() | st.binary(max_size=40), st.booleans())
def test_lines_about_one_notice_are_those_of_single_records(word, sealed, pinned):
    ids = [clock.uuid7() for _ in range(5)]
    at, payload = clock.isoformat(clock.now()), canonical_text({"text": word})
    version = ids[4] if pinned else None
    line = line_maker(
        occurred_at=at,
        recorded_at=at,
        action="delivery.failed",
        actor="system:test",
        notice=ids[0],
        version=version,
    )
    subjects = Subjects(notice=ids[0], delivery=ids[1], investor=ids[2], version=version)
    assert line(ids[3].hex, ids[1].hex, ids[2].hex, payload, sealed) == line_of(
        ids[3].hex, at, at, "delivery.failed", "system:test", subjects, payload, sealed
    )
