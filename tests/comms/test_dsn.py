"""RFC 3464 notifications."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms import dsn
from comms.peers.smtp import notification

ORIGINAL = b"Message-ID: <key-1@firm.example>\r\nSubject: secret\r\n\r\nbody"

# The shape of the example in RFC 3464 appendix E.1, with invented names.
RELAY = b"""\
From: Mail Delivery Subsystem <mailer-daemon@relay.example>
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
      boundary="RAA14128.773615765/RELAY.EXAMPLE"

--RAA14128.773615765/RELAY.EXAMPLE

The original message was received at Sat, 2 Jul 2026 17:10:28 -0400

--RAA14128.773615765/RELAY.EXAMPLE
content-type: message/delivery-status

Reporting-MTA: dns; relay.example
Original-Envelope-Id: env-77

Final-Recipient: rfc822;full@customer.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

Original-Recipient: rfc822;Li.Na@customer.example
Final-Recipient: rfc822;li-na@elsewhere.example
Action: delayed
Status: 4.4.1
Will-Retry-Until: Sat, 9 Jul 2026 17:10:28 -0400

Final-Recipient: rfc822;gone@customer.example
Action: Failed
Status: 5.1.1 (no such user)

--RAA14128.773615765/RELAY.EXAMPLE
content-type: message/rfc822

Message-ID: <key-9@firm.example>
From: notices@firm.example
Subject: hello

text
--RAA14128.773615765/RELAY.EXAMPLE--
"""


def test_a_relay_s_report_on_three_recipients():
    report = dsn.parse(RELAY)
    assert (report.message_id, report.envelope_id) == ("key-9@firm.example", "env-77")
    full, delayed, gone = report.recipients
    assert (full.kind, full.status, full.address_is_dead) == ("bounced", "5.2.2", False)
    assert (delayed.kind, delayed.address) == (None, "Li.Na@customer.example")
    assert (gone.kind, gone.status, gone.address_is_dead) == ("bounced", "5.1.1", True)


@pytest.mark.parametrize(
    ("failed", "kind", "dead"), [(True, "bounced", True), (False, "delivered", False)]
)
def test_what_the_local_mail_server_reports(failed, kind, dead):
    report = dsn.parse(notification(ORIGINAL, "a@customer.example", failed=failed))
    assert report.message_id == "key-1@firm.example"
    (status,) = report.recipients
    assert (status.kind, status.address_is_dead) == (kind, dead)
    assert status.address == "a@customer.example"


def test_bare_line_feeds_are_read_too():
    raw = notification(ORIGINAL, "a@customer.example", failed=True).replace(b"\r\n", b"\n")
    assert dsn.parse(raw).message_id == "key-1@firm.example"


def test_a_missing_status_falls_back_to_the_diagnostic_then_to_the_class():
    raw = RELAY.replace(b"Status: 5.2.2\n", b"").replace(b"Status: 4.4.1\n", b"")
    full, delayed, _ = dsn.parse(raw).recipients
    assert (full.status, delayed.status) == ("5.2.2", "4.0.0")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Subject: out of office\r\n\r\nI am away", "no message/delivery-status"),
        (b"", "no message/delivery-status"),
        (RELAY.replace(b"Action: failed", b"Action: exploded"), "unknown action"),
        (
            RELAY.replace(b"Message-ID: <key-9@firm.example>\n", b"").replace(
                b"Original-Envelope-Id: env-77\n", b""
            ),
            "neither",
        ),
    ],
)
def test_what_is_no_usable_notification_says_why(raw, reason):
    with pytest.raises(dsn.NotADsn, match=reason):
        dsn.parse(raw)


@given(st.binary(max_size=400), st.integers(0, len(RELAY)))
def test_damaged_input_is_read_or_refused_never_a_crash(noise, at):
    with contextlib.suppress(dsn.NotADsn):
        dsn.parse(RELAY[:at] + noise + RELAY[at:])
