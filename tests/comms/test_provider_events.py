"""Providers' bodies in one form."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.peers.smtp import notification
from comms.provider_events import (
    KINDS,
    MAX_EVENTS,
    Unreadable,
    delivery_of_key,
    is_stop_word,
    parse_dsn,
    parse_json,
)
from comms.rules import EventKind
from core.clock import uuid7

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
EVENT = {"id": "e1", "reference": "r1", "kind": "delivered", "at": "2026-11-21T09:59:00+00:00"}


def parse(*events: object):
    body = json.dumps({"events": events}).encode()
    return parse_json("gateway", body, received_at=NOW)


@pytest.mark.parametrize(("word", "kind"), KINDS.items())
def test_every_kind_is_known(word, kind):
    (event,) = parse({**EVENT, "kind": word}).events
    assert (event.kind, event.ref) == (kind, "r1")


def test_what_a_machine_opened_is_not_an_opening():
    (event,) = parse({**EVENT, "kind": "opened", "machine": True}).events
    assert event.kind is EventKind.MACHINE_OPENED


@pytest.mark.parametrize("text", ["STOP", " stop. ", "退订", "退訂！", "ＴＤ", "t", "“退订”"])
def test_a_stop_word_is_an_opt_out(text):
    (event,) = parse({**EVENT, "kind": "replied", "text": text}).events
    assert event.kind is EventKind.UNSUBSCRIBED


@pytest.mark.parametrize("text", ["", "好的", "please stop by my office", "请问何时处理？"])
def test_another_reply_is_an_answer(text):
    (event,) = parse({**EVENT, "kind": "replied", "text": text}).events
    assert event.kind is EventKind.ANSWERED


def test_only_a_permanent_bounce_condemns_the_address():
    soft, hard, other = parse(
        {**EVENT, "kind": "bounced"},
        {**EVENT, "kind": "bounced", "permanent": True},
        {**EVENT, "kind": "delivered", "permanent": True},
    ).events
    assert [soft.dead_address, hard.dead_address, other.dead_address] == [False, True, False]


def test_the_same_event_has_the_same_identity_and_providers_do_not_mix():
    first, second = parse(EVENT, {**EVENT, "code": "x"}).events
    assert first.dedupe == second.dedupe
    body = json.dumps({"events": [EVENT]}).encode()
    (foreign,) = parse_json("other", body, received_at=NOW).events
    assert foreign.dedupe != first.dedupe


def test_without_an_id_the_content_identifies_it():
    anonymous = {name: value for name, value in EVENT.items() if name != "id"}
    first, same, later = parse(
        anonymous, dict(anonymous), {**anonymous, "at": "2026-11-21T09:58:00Z"}
    ).events
    assert first.dedupe == same.dedupe != later.dedupe


def test_a_time_in_the_future_is_taken_as_the_time_of_receipt():
    (event,) = parse({**EVENT, "at": "2030-01-01T00:00:00+08:00"}).events
    assert event.at == NOW


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "exploded"}, "unknown kind"),
        ({"kind": ["delivered"]}, "unknown kind"),
        ({"at": "yesterday"}, "RFC 3339"),
        ({"at": None}, "RFC 3339"),
        ({"at": "2026-11-21T09:59:00"}, "no time zone"),
        ({"reference": ""}, "neither"),
        ({"reference": "x" * 201}, "reference"),
        ({"reference": "a\x00b"}, "reference"),
        ({"reference": 7}, "reference"),
    ],
)
def test_a_bad_event_is_named_and_the_others_are_kept(change, reason):
    parsed = parse(EVENT, {**EVENT, **change}, EVENT)
    assert len(parsed.events) == 2
    assert len(parsed.problems) == 1
    assert parsed.problems[0].startswith("event 2:")
    assert reason in parsed.problems[0]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": {}}', b"\xff", b"[" * 100_000])
def test_a_body_without_events_is_unreadable(body):
    with pytest.raises(Unreadable):
        parse_json("gateway", body, received_at=NOW)


def test_too_many_events_are_refused():
    with pytest.raises(Unreadable, match=str(MAX_EVENTS)):
        parse(*[EVENT] * (MAX_EVENTS + 1))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from([*EVENT, "key", "code", "text"]), inner,
                                      max_size=5), max_leaves=12))  # fmt: skip
def test_any_json_is_read_or_named(content):
    parsed = parse(content, EVENT)
    assert len(parsed.events) + len(parsed.problems) == 2


def test_keys_name_deliveries():
    delivery = uuid7()
    assert delivery_of_key(f"{delivery}.0") == delivery
    assert delivery_of_key(f"{delivery}.12@vouchsafe.example") == delivery
    for other in ("", "x", f"{delivery}", f"{delivery}.", f"{delivery}.x", f"{delivery}.²", "a.1"):
        assert delivery_of_key(other) is None


@pytest.mark.parametrize(("failed", "kind"), [(True, "bounced"), (False, "delivered")])
def test_a_notification_of_our_own_mail_names_its_delivery(failed, kind):
    delivery = uuid7()
    original = f"Message-ID: <{delivery}.0@vouchsafe.example>\r\n\r\nx".encode()
    raw = notification(original, "a@customer.example", failed=failed)
    (event,) = parse_dsn("smtp", raw, received_at=NOW).events
    assert (event.delivery_id, event.kind.value, event.dead_address) == (delivery, kind, failed)
    assert "customer" not in repr(event), "nothing personal goes on from here"


def test_a_stop_word_is_recognised_alone_only():
    assert is_stop_word("Stop")
    assert not is_stop_word("Stop it")
