"""Signed messages: what is accepted, and every way of being refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms import signing

SECRET = "a-secret"
NOW = 1_800_000_000


def signed(body: bytes = b"{}", *, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
    return signing.headers(secret, "msg_1", at, body)


def refusal(headers: dict[str, str], body: bytes = b"{}", secret: str = SECRET) -> str:
    with pytest.raises(signing.SignatureRefused) as caught:
        signing.verify(secret, headers, body, now=NOW)
    return caught.value.code


def test_own_signature_is_accepted():
    assert signing.verify(SECRET, signed(b"hello"), b"hello", now=NOW) == "msg_1"


def test_vector_of_standard_webhooks():
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert signing.verify(secret, headers, b'{"test": 2432232314}', now=1614265330)


def test_one_of_several_signatures_is_enough():
    headers = signed()
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"]
    assert signing.verify(SECRET, headers, b"{}", now=NOW)


@pytest.mark.parametrize("offset", [-301, 301])
def test_stale_and_future_messages_are_refused(offset):
    assert refusal(signed(at=NOW + offset)) == "stale_timestamp"


@pytest.mark.parametrize("offset", [-300, 300])
def test_the_tolerance_is_inclusive(offset):
    assert signing.verify(SECRET, signed(at=NOW + offset), b"{}", now=NOW)


def test_other_refusals_are_named():
    assert refusal(signed(), b"{ }") == "bad_signature"
    assert refusal(signed(secret="other")) == "bad_signature"
    assert refusal({}) == "unsigned"
    assert refusal({**signed(), "webhook-timestamp": "soon"}) == "bad_timestamp"
    assert refusal({**signed(), "webhook-timestamp": str(NOW - 1)}) == "bad_signature"
    assert refusal({**signed(), "webhook-id": "msg_2"}) == "bad_signature"
    assert refusal(signed(), secret="") == "no_secret"


@given(st.binary(max_size=200), st.integers(min_value=0))
def test_any_changed_byte_breaks_the_signature(body, position):
    altered = bytearray(body or b"x")
    altered[position % len(altered)] ^= 1
    assert refusal(signed(body), bytes(altered)) == "bad_signature"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_arbitrary_headers_never_pass_and_never_crash(message_id, timestamp, offered):
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": offered,
    }
    with pytest.raises(signing.SignatureRefused):
        signing.verify(SECRET, headers, b"{}", now=NOW)
