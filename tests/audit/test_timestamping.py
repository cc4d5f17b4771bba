"""Time-stamps of checkpoints by a real authority (RFC 3161), and every way they can be wrong."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings
from django.db import connection
from django.urls import reverse

from audit import verify
from audit.models import Attestor, Checkpoint, Record, Timestamp
from audit.note import parse_note
from audit.timestamping import authority, selectors, services
from audit.timestamping.authority import StampRefused
from audit.timestamping.trust import authority_name, roots
from core import clock
from core.errors import Misconfigured
from core.roles import Role
from tests.audit.authority import Authority, openssl
from tests.audit.builders import as_superuser, grow
from tests.core.builders import make_user, sign_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is the authority"),
]
TEXT = b"log.example\n5\nAAAA\n"


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    """A running authority that the log is configured to ask."""
    made = Authority(tmp_path / "tsa")
    with made.serving() as url:
        settings.LEDGER_TSA_URL, settings.LEDGER_TSA_ROOTS = url, str(made.roots)
        yield made
    settings.LEDGER_TSA_URL = settings.LEDGER_TSA_ROOTS = ""


def stamp() -> authority.Stamp:
    return authority.obtain(settings.LEDGER_TSA_URL, TEXT, roots(), now=clock.now())


def refused(code: str, *, text: bytes = TEXT) -> None:
    with pytest.raises(StampRefused) as error:
        authority.obtain(settings.LEDGER_TSA_URL, text, roots(), now=clock.now())
    assert error.value.code == code, str(error.value)


# --- asking ---------------------------------------------------------------------------------


def test_the_newest_checkpoint_is_stamped_and_kept(tsa, tmp_path):
    grow(5)
    now = clock.now()
    assert services.stamp_newest(now=now)
    row = Timestamp.objects.get()
    assert (row.size, row.authority) == (5, settings.LEDGER_TSA_URL)
    assert abs(row.attested_at - now) < dt.timedelta(seconds=30)
    (token,) = selectors.tokens_for(5)
    assert token.data == parse_note(Checkpoint.objects.get().note.encode()).text.encode()
    (tmp_path / "x.tsr").write_bytes(token.response)
    (tmp_path / "x.txt").write_bytes(token.data)
    said = openssl(
        tmp_path, "ts", "-verify", "-in", "x.tsr", "-data", "x.txt", "-CAfile", str(tsa.roots)
    )
    assert "Verification: OK" in said.stdout + said.stderr


def test_it_is_asked_for_again_when_time_has_passed_and_the_log_has_grown(tsa):
    grow(5)
    now = clock.now()
    assert services.stamp_newest(now=now)
    hour = dt.timedelta(minutes=settings.LEDGER_TSA_MINUTES)
    assert not services.stamp_newest(now=now + hour), "the log has not grown"
    grow(1)
    assert not services.stamp_newest(now=now + hour / 2), "too early"
    assert len(tsa.requests) == 1


def test_without_an_authority_nothing_is_asked():
    grow(1)
    assert not services.stamp_newest(now=clock.now())
    assert not Attestor.objects.exists()


# --- what is refused, by name ---------------------------------------------------------------


def test_an_answer_to_another_question_is_refused(tsa):
    stamp()
    tsa.replay = (tsa.directory / "reply.tsr").read_bytes()
    refused("wrong_nonce")


def test_a_stamp_of_something_else_is_refused(tsa):
    response = stamp().response
    assert authority.check(response, TEXT, roots()).response == response
    with pytest.raises(StampRefused, match="wrong_imprint"):
        authority.check(response, TEXT + b"x", roots())


def test_a_stamp_under_another_root_is_refused(tsa, tmp_path):
    other = Authority(tmp_path / "other", name="Other TSA")
    settings.LEDGER_TSA_ROOTS = str(other.roots)
    refused("untrusted")


def test_without_roots_nothing_is_trusted(tsa):
    settings.LEDGER_TSA_ROOTS = ""
    refused("untrusted")


def test_a_rejection_is_named(tsa):
    tsa.replay = bytes.fromhex("30053003020102")  # PKIStatus rejection, no token
    refused("rejected")


@pytest.mark.parametrize("data", [b"", b"<html>busy</html>", bytes(300_000)])
def test_what_is_no_response_is_refused(tsa, data):
    tsa.replay = data
    refused("malformed")


def test_a_clock_that_differs_is_refused(tsa):
    with pytest.raises(StampRefused, match="clock"):
        authority.obtain(
            settings.LEDGER_TSA_URL, TEXT, roots(), now=clock.now() + dt.timedelta(minutes=6)
        )


def test_no_answer_is_named_and_asked_again(tsa):
    grow(2)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    good, settings.LEDGER_TSA_URL = settings.LEDGER_TSA_URL, f"http://127.0.0.1:{port}/"
    now = clock.now()
    assert not services.stamp_newest(now=now)
    assert "unavailable: ConnectError" in Attestor.objects.get().error
    assert Record.objects.filter(action="audit.attestation_failed").count() == 1
    assert selectors.authority_state().state == "failed"
    settings.LEDGER_TSA_URL = good
    assert services.stamp_newest(now=clock.now())
    assert selectors.authority_state().state == "ok"


def test_a_silent_authority_is_given_up(tsa, monkeypatch):
    import httpx

    monkeypatch.setattr(authority, "TIMEOUT", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.LEDGER_TSA_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        refused("unavailable")


def test_roots_that_cannot_be_read_are_named(tmp_path):
    settings.LEDGER_TSA_ROOTS = str(tmp_path / "none.pem")
    try:
        with pytest.raises(Misconfigured, match=r"none\.pem"):
            roots()
    finally:
        settings.LEDGER_TSA_ROOTS = ""


def test_the_name_of_an_authority_shows_no_password():
    assert (
        authority_name("https://user:secret@tsa.example:8443/x?y") == "https://tsa.example:8443/x"
    )


# --- verification ---------------------------------------------------------------------------


def test_stamps_are_checked_again(tsa, admin_conninfo, tmp_path):
    grow(4)
    services.stamp_newest(now=clock.now())
    assert verify.check_log().ok
    other = Authority(tmp_path / "other")
    settings.LEDGER_TSA_ROOTS = str(other.roots)
    assert verify.check_log().counts == {"timestamp_wrong": 1}
    settings.LEDGER_TSA_ROOTS = str(tsa.roots)
    for damage, code in [
        ("response = set_byte(response, 300, get_byte(response, 300) # 1)", "timestamp_wrong"),
        ("attested_at = attested_at - interval '1 day'", "timestamp_wrong"),
        ("size = 99", "timestamp_stray"),
    ]:
        connection.close()
        as_superuser(
            admin_conninfo,
            "ALTER TABLE audit_timestamp DISABLE TRIGGER audit_timestamp_append_only",
            f"UPDATE audit_timestamp SET {damage}",
            "ALTER TABLE audit_timestamp ENABLE ALWAYS TRIGGER audit_timestamp_append_only",
        )
        assert verify.check_log().counts == {code: 1}


def test_every_flipped_byte_of_a_token_is_caught(tsa):
    """The attested content and the signature: a flip anywhere in them is refused. (What is not
    signed, such as the certificates that come along unused, may change and prove nothing.)"""
    whole = stamp()
    passed = 0
    for at in range(0, len(whole.response), 7):
        damaged = bytearray(whole.response)
        damaged[at] ^= 0x01
        try:
            again = authority.check(bytes(damaged), TEXT, roots())
        except StampRefused:
            continue
        passed += 1
        assert (again.attested_at, again.serial) == (whole.attested_at, whole.serial)
    assert passed < len(whole.response) // 7 // 2


# --- pages ----------------------------------------------------------------------------------


def test_the_page_shows_stamps_and_hands_them_out(tsa, client):
    grow(4)
    services.stamp_newest(now=clock.now())
    sign_in(client, make_user(Role.AUDITOR))
    row = Timestamp.objects.get()
    page = client.get(reverse("audit-ledger")).content.decode()
    assert "checkpoint-4.tsr" in page
    answer = client.get(reverse("audit-stamp", args=[row.pk]))
    assert answer.content == bytes(row.response)
    assert answer["Content-Type"] == "application/timestamp-reply"
    data = client.get(reverse("audit-stamped", args=[row.pk])).content
    assert x509.load_pem_x509_certificate(tsa.roots.read_bytes())
    assert authority.check(answer.content, data, roots()).attested_at == row.attested_at
