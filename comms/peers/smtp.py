"""A mail server that keeps what it accepts as .eml files and reports deliveries as DSNs."""

from __future__ import annotations

import email.utils
import hashlib
import itertools
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST_NAME = "mail.peer.example"


def share_of(address: str) -> int:
    """A number from 0 to 99 that depends on the address only: which ones shall fail."""
    return int.from_bytes(hashlib.sha256(address.lower().encode()).digest()[:4], "big") % 100


@dataclass
class MailRules:
    """Which recipients fail, and how.

    `refuse` maps an address to the reply given at RCPT (for example `"550 5.1.1 no such user"`).
    Of the others, `refuse_percent` are refused with 550 and `bounce_percent` are accepted and
    bounce later. `refuse_all`, when set, is the reply to every recipient.
    """

    refuse: dict[str, str] = field(default_factory=dict)
    refuse_percent: int = 0
    bounce_percent: int = 0
    refuse_all: str = ""

    def reply(self, address: str) -> str | None:
        """The refusal for `address`, or None to accept it."""
        if self.refuse_all:
            return self.refuse_all
        if reply := self.refuse.get(address.lower()):
            return reply
        if share_of(address) < self.refuse_percent:
            return "550 5.1.1 no such mailbox"
        return None

    def bounces(self, address: str) -> bool:
        """Whether an accepted `address` bounces afterwards."""
        return share_of(address) < self.refuse_percent + self.bounce_percent


class Keeper:
    """The aiosmtpd handler: applies the rules, keeps files, hands DSNs to `notify`.

    `before_reply` runs after a message was kept and before its 250 goes out: tests use it to
    lose the answer (accepted, yet the client never hears).
    """

    def __init__(
        self, directory: Path, rules: MailRules, notify: Callable[[bytes], None] | None
    ) -> None:
        self.directory = directory
        self.rules = rules
        self.before_reply: Callable[[], None] | None = None
        self._notify = notify
        self.sessions = 0
        self._number = itertools.count(1)
        directory.mkdir(parents=True, exist_ok=True)

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Count the sessions: a batch should need only one."""
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse or take one recipient."""
        refusal = self.rules.reply(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message; report what became of it."""
        content = envelope.content
        assert isinstance(content, bytes)
        number = next(self._number)
        self._write(number, content)
        if self._notify is not None:
            for address in envelope.rcpt_tos:
                failed = self.rules.bounces(address)
                self._notify(notification(content, address, failed=failed))
        if self.before_reply is not None:
            self.before_reply()
        return f"250 2.0.0 OK queued as {number}"

    def _write(self, number: int, content: bytes) -> None:
        name = f"{os.getpid()}-{number:07d}.eml"
        (self.directory / f".{name}").write_bytes(content)
        (self.directory / f".{name}").rename(self.directory / name)


def notification(original: bytes, address: str, *, failed: bool) -> bytes:
    """The RFC 3464 notification for one recipient of `original`, with its headers returned."""
    headers = BytesHeaderParser(policy=policy.compat32).parsebytes(original)
    status = "5.1.1" if failed else "2.0.0"
    action = "failed" if failed else "delivered"
    boundary = "report-" + hashlib.sha256(original[:400] + address.encode()).hexdigest()[:24]
    lines = [
        f"From: Mail Delivery System <mailer-daemon@{HOST_NAME}>",
        f"Date: {email.utils.formatdate()}",
        "Subject: Delivery status",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "The mailbox does not exist." if failed else "The message was delivered.",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {HOST_NAME}",
        "",
        f"Final-Recipient: rfc822; {address}",
        f"Action: {action}",
        f"Status: {status}",
        *(["Diagnostic-Code: smtp; 550 5.1.1 no such mailbox"] if failed else []),
        "",
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {headers.get('Message-ID', '')}",
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


class MailPeer:
    """The server in a thread of its own. `port` 0 takes a free one.

    With `logins` the server asks for AUTH; with `tls` it offers STARTTLS.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        rules: MailRules | None = None,
        notify: Callable[[bytes], None] | None = None,
        logins: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.rules = rules or MailRules()
        self.keeper = Keeper(directory, self.rules, notify)
        self._controller = _Controller(
            self.keeper,
            hostname="127.0.0.1",
            port=port,
            server_hostname=HOST_NAME,
            ident="mail peer",
            enable_SMTPUTF8=True,
            tls_context=tls,
            auth_required=bool(logins),
            auth_require_tls=False,
            authenticator=_authenticator(logins or {}),
        )

    @property
    def port(self) -> int:
        """The port that the running server listens on."""
        return self._controller.port

    def start(self) -> MailPeer:
        """Listen; returns when connections are accepted."""
        self._controller.start()
        return self

    def stop(self) -> None:
        """Close the port and all sessions."""
        self._controller.stop()

    def kept(self) -> list[Path]:
        """The files kept so far, oldest first."""
        return sorted(self.keeper.directory.glob("*.eml"))

    def messages(self) -> list[EmailMessage]:
        """The kept messages, parsed."""
        parser = BytesParser(EmailMessage, policy=policy.default)
        return [parser.parsebytes(path.read_bytes()) for path in self.kept()]

    def __enter__(self) -> MailPeer:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """aiosmtpd connects once to see the server work; port 0 is known only now."""
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


def _authenticator(logins: Mapping[str, str]) -> Callable[..., AuthResult]:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        good = logins.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)

    return check
