"""E-mail over real SMTP."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from comms import unsubscribe
from comms.channels.base import DEAD_ADDRESS, Accepted, SendError
from comms.channels.email import SmtpChannel, mime_of
from comms.peers.smtp import MailPeer, MailRules
from core import clock
from core.errors import Misconfigured
from tests.comms.rows import outgoing

DATE = "Sat, 21 Nov 2026 10:00:00 +0000"


@pytest.fixture
def peer(tmp_path) -> Iterator[MailPeer]:
    with MailPeer(tmp_path / "mail") as mail:
        yield mail


def channel(peer: MailPeer, *, login: str = "") -> SmtpChannel:
    return SmtpChannel({"name": "smtp", "url": f"smtp://{login}127.0.0.1:{peer.port}"})


def test_a_batch_arrives_over_one_session(peer):
    messages = [outgoing(f"{name}@customer.example") for name in "abc"]
    outcomes = channel(peer).send_batch(messages)
    assert [outcome.ref for outcome in outcomes] == [
        f"{message.idempotency_key}@vouchsafe.example" for message in messages
    ]
    assert [mail["To"] for mail in peer.messages()] == [message.to for message in messages]
    assert peer.keeper.sessions == 1


def test_what_a_mail_carries(peer, settings):
    settings.MAIL_FROM = "华信证券 <notices@vouchsafe.example>"
    message = outgoing(
        subject="追加保证金通知 Margin call",
        text="尊敬的客户：\n.请处理\n",
        html="<p>尊敬的客户：<br>请处理</p>",
        headers={"Vouchsafe-Check-Code": "K7Q2"},
    )
    channel(peer).send_batch([message])
    (mail,) = peer.messages()
    assert mail["From"] == "华信证券 <notices@vouchsafe.example>"
    assert mail["Subject"] == "追加保证金通知 Margin call"
    assert mail["Message-ID"] == f"<{message.idempotency_key}@vouchsafe.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Vouchsafe-Check-Code"] == "K7Q2"
    assert mail["Date"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = mail["List-Unsubscribe"].strip("<>").rstrip("/").rsplit("/", 1)[-1]
    assert unsubscribe.delivery_of(token) == message.delivery_id
    assert mail.get_body(("plain",)).get_content().splitlines() == ["尊敬的客户：", ".请处理"]
    assert mail.get_body(("html",)).get_content().strip() == message.html
    raw = peer.kept()[0].read_bytes()
    assert raw.isascii(), "every relay must be able to pass it on"


def test_a_mandatory_notice_has_the_link_but_no_one_click(peer):
    channel(peer).send_batch([outgoing(headers={"Vouchsafe-Mandatory": "yes"})])
    (mail,) = peer.messages()
    assert mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] is None


def test_refused_recipients_do_not_stop_the_others(peer):
    peer.rules.refuse = {
        "gone@customer.example": "550 5.1.1 no such user",
        "busy@customer.example": "450 4.2.1 try later",
    }
    names = ["a", "gone", "b", "busy", "c"]
    outcomes = channel(peer).send_batch([outgoing(f"{name}@customer.example") for name in names])
    assert outcomes[1] == SendError(True, DEAD_ADDRESS, "550 5.1.1")
    assert outcomes[3] == SendError(False, "recipient_refused", "450 4.2.1")
    assert [type(outcomes[i]) for i in (0, 2, 4)] == [Accepted] * 3
    assert len(peer.kept()) == 3


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("550 5.1.1 no such user", DEAD_ADDRESS),
        ("550 5.1.10 null MX", DEAD_ADDRESS),
        ("552 5.2.2 mailbox full", "recipient_refused"),
        ("554 5.7.1 policy", "recipient_refused"),
        ("550 no reason given", "recipient_refused"),
    ],
)
def test_only_a_reply_that_blames_the_address_condemns_it(peer, reply, code):
    peer.rules.refuse_all = reply
    (outcome,) = channel(peer).send_batch([outgoing()])
    assert (outcome.permanent, outcome.code) == (True, code)


def test_a_server_that_closes_the_session_is_called_again(peer):
    peer.rules.refuse = {"b@customer.example": "421 4.3.2 closing"}
    outcomes = channel(peer).send_batch([outgoing(f"{name}@customer.example") for name in "abc"])
    assert outcomes[1] == SendError(False, "recipient_refused", "421 4.3.2")
    assert [mail["To"] for mail in peer.messages()] == ["a@customer.example", "c@customer.example"]


def test_nobody_listens_is_temporary():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    smtp = SmtpChannel({"name": "smtp", "url": f"smtp://127.0.0.1:{port}"})
    assert (
        smtp.send_batch([outgoing(), outgoing()])
        == [SendError(False, "connect_failed", "ConnectionRefusedError")] * 2
    )


def test_starttls_with_a_private_authority_and_never_without_a_known_one(tmp_path):
    authority, context = certificate(tmp_path)
    with MailPeer(tmp_path / "mail", tls=context) as peer:
        url = f"smtp+starttls://127.0.0.1:{peer.port}"
        stranger = SmtpChannel({"name": "smtp", "url": url}).send_batch([outgoing()])
        known = SmtpChannel({"name": "smtp", "url": f"{url}?ca={authority}"})
        assert isinstance(known.send_batch([outgoing()])[0], Accepted)
        assert len(peer.kept()) == 1
    assert stranger == [SendError(False, "connect_failed", "SSLCertVerificationError")]


def test_starttls_is_never_given_up_for_plain_text(peer):
    smtp = SmtpChannel({"name": "smtp", "url": f"smtp+starttls://127.0.0.1:{peer.port}"})
    (outcome,) = smtp.send_batch([outgoing()])
    assert (outcome.code, outcome.unknown) == ("connect_failed", False)
    assert peer.kept() == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_login(tmp_path):
    with MailPeer(tmp_path, logins={"app": "se cret"}) as peer:
        good = channel(peer, login="app:se%20cret@").send_batch([outgoing()])
        bad = channel(peer, login="app:wrong@").send_batch([outgoing()])
        none = channel(peer).send_batch([outgoing()])
        assert len(peer.kept()) == 1
    assert isinstance(good[0], Accepted)
    assert bad == [SendError(False, "auth_refused", "535")]
    assert isinstance(none[0], SendError)


@pytest.mark.parametrize(
    ("last_command", "code", "unknown"),
    [
        (b"RCPT", "disconnected", False),
        (b"DATA", "disconnected", False),
        (b".", "answer_lost", True),
    ],
)
def test_a_line_cut_is_unknown_only_after_the_content(last_command, code, unknown):
    with cutting_server(last_command) as port:
        smtp = SmtpChannel({"name": "smtp", "url": f"smtp://127.0.0.1:{port}"})
        (outcome,) = smtp.send_batch([outgoing()])
    assert (outcome.code, outcome.unknown, outcome.permanent) == (code, unknown, False)


@pytest.mark.parametrize(
    "message",
    [
        outgoing(subject="Hello\r\nBcc: all@customer.example"),
        outgoing(subject="Hello\nBcc: all@customer.example"),
        outgoing("a@customer.example\r\nRCPT TO:<b@customer.example>"),
        outgoing("a@customer.example, b@customer.example"),
        outgoing("<a@customer.example>"),
        outgoing("nobody"),
        outgoing(headers={"Vouchsafe-Check-Code": "A\r\nBcc: all@customer.example"}),
    ],
)
def test_what_would_break_out_of_a_header_is_refused_and_the_rest_is_sent(peer, message):
    outcomes = channel(peer).send_batch([message, outgoing()])
    assert outcomes[0] == SendError(True, "bad_header")
    assert isinstance(outcomes[1], Accepted)
    assert len(peer.kept()) == 1


@given(st.text(max_size=120))
def test_no_subject_ever_makes_a_second_header(subject):
    try:
        raw = mime_of(outgoing(subject=subject), date=DATE)
    except ValueError:
        return
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.split(b":")[0].decode() for line in lines if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == [
        "Auto-Submitted",
        "Content-Language",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ]


CONTENT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(subject=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200),
       text=CONTENT, html=CONTENT)  # fmt: skip
def test_whatever_is_written_is_read_again(subject, text, html):
    raw = mime_of(outgoing(subject=subject, text=text, html=html), date=DATE)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
    assert mail["Subject"].strip() == subject.strip()
    for kind, written in (("plain", text), ("html", html)):
        body = mail.get_body((kind,))
        if body is None:
            assert not written
        else:
            read = body.get_payload(decode=True).decode().replace("\r\n", "\n")
            assert read.rstrip("\n") == lines_of(written).rstrip("\n")


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("configured", "header"),
    [
        ("notices@firm.example", "notices@firm.example"),
        ('"Firm, Inc." <notices@firm.example>', '"Firm, Inc." <notices@firm.example>'),
        ("华信证券 <notices@firm.example>", "=?utf-8?b?5Y2O5L+h6K+B5Yi4?= <notices@firm.example>"),
    ],
)
def test_the_sender_s_name_is_written_as_a_phrase(configured, header, settings):
    settings.MAIL_FROM = configured
    raw = mime_of(outgoing(), date=DATE).decode()
    assert raw.startswith(f"From: {header}\r\n")


def test_the_same_message_gives_the_same_bytes():
    message = outgoing(text="一", html="<p>一</p>")
    assert mime_of(message, date=DATE) == mime_of(message, date=DATE)


def test_a_non_ascii_mailbox_goes_by_smtputf8(peer):
    (outcome,) = channel(peer).send_batch([outgoing("李娜@customer.example")])
    assert isinstance(outcome, Accepted)
    assert peer.messages()[0]["To"] == "李娜@customer.example"


@pytest.mark.parametrize("url", ["http://host", "smtp://", "host:25"])
def test_a_url_that_is_none_is_named(url):
    with pytest.raises(Misconfigured, match="SMTP_URL"):
        SmtpChannel({"name": "smtp", "url": url})


@pytest.mark.parametrize("sender", ["", "Firm, Inc. <a@b.example>", "nobody", "a@b.example\nX: y"])
def test_a_sender_that_is_none_is_named_at_once(settings, sender):
    settings.MAIL_FROM = sender
    with pytest.raises(Misconfigured, match="MAIL_FROM"):
        SmtpChannel({"name": "smtp", "url": "smtp://127.0.0.1"})


def test_refuse_by_share_is_the_same_every_time(tmp_path):
    rules = MailRules(refuse_percent=30)
    addresses = [f"user{n}@customer.example" for n in range(200)]
    refused = [address for address in addresses if rules.reply(address)]
    assert 30 < len(refused) < 90
    assert refused == [address for address in addresses if rules.reply(address)]


class cutting_server:
    """A mail server that hangs up when it has read a line that starts with `last_command`."""

    def __init__(self, last_command: bytes) -> None:
        self._last = last_command
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *exc: object) -> None:
        self._thread.join(timeout=10)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 ready\r\n")
            for line in lines:
                if line.upper().startswith(self._last):
                    return
                data = line.upper().startswith(b"DATA")
                if data or line[:4].upper() in (b"EHLO", b"MAIL", b"RCPT"):
                    connection.sendall(b"354 go on\r\n" if data else b"250 ok\r\n")


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that vouches for itself, and the server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail peer")])
    now = clock.now()
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "peer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context
