"""E-mail by SMTP (RFC 5321), one connection per batch."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from comms import dsn, unsubscribe
from comms.channels import mime
from comms.channels.base import (
    DEAD_ADDRESS,
    Accepted,
    Outcome,
    Outgoing,
    SendError,
    Style,
    Unseen,
    register,
    style_now,
)
from core import clock
from core.errors import Misconfigured

MANDATORY_HEADER = "Vouchsafe-Mandatory"
PURPOSE_HEADER = "Vouchsafe-Purpose"  # what was asked for by the recipient, and has no way out
_TIMEOUT = 30.0  # seconds, for each answer
_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes: `smtp://`, `smtp+starttls://` or `smtps://`, with user, password, and
    `?ca=FILE` for a private certificate authority."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    ca: str

    @classmethod
    def parse(cls, url: str) -> Relay:
        """Raises Misconfigured for another scheme or a missing host."""
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise Misconfigured(
                _("SMTP_URL must look like smtp://host:port, smtp+starttls:// or smtps://."),
                details={"scheme": parts.scheme},
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or _SCHEMES[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            ca=dict(parse_qsl(parts.query)).get("ca", ""),
        )

    def connect(self) -> smtplib.SMTP:
        """An open, authenticated session; raises OSError or smtplib.SMTPException."""
        name = settings.MAIL_DOMAIN
        if self.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=name, timeout=_TIMEOUT, context=self._tls()
            )
        else:
            smtp = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=_TIMEOUT)
        try:
            if self.scheme == "smtp+starttls":
                smtp.starttls(context=self._tls())
            smtp.ehlo_or_helo_if_needed()
            if self.user:
                smtp.login(self.user, self.password)
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return smtp

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca or None)


class NotSent(Exception):
    """The message was certainly not taken; `error` says why."""

    def __init__(self, error: SendError) -> None:
        super().__init__(error.code)
        self.error = error


@register("smtp")
class SmtpChannel:
    """Settings entry: `name`, `url`. Not idempotent, and SMTP cannot be asked afterwards: an
    answer lost after the content was sent is an unknown outcome."""

    idempotent = False
    can_answer = False
    batch = 100

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self._relay = Relay.parse(entry["url"])
        try:
            mime.mailbox(settings.MAIL_FROM)
        except ValueError as error:
            raise Misconfigured(
                _("MAIL_FROM must be one address, for example “Firm <notices@firm.example>”.")
            ) from error

    @staticmethod
    def wire(message: Outgoing, style: Style) -> bytes:
        """The whole mail."""
        return mime_of(message, date=message.date, style=style)

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        """Hand over each message in turn. A broken session is opened again for the next one."""
        outcomes: list[Outcome] = []
        smtp: smtplib.SMTP | None = None
        try:
            for message in messages:
                outcome, smtp = self._send(smtp, message)
                outcomes.append(outcome)
        finally:
            if smtp is not None:
                _leave(smtp)
        return outcomes

    def status(self, keys: Sequence[str]) -> dict[str, Accepted | SendError | Unseen]:
        """SMTP has no such question."""
        return {}

    def _send(
        self, smtp: smtplib.SMTP | None, message: Outgoing
    ) -> tuple[Outcome, smtplib.SMTP | None]:
        """The outcome, and the session if it can still be used."""
        try:
            content = message.wire or mime_of(message, date=format_datetime(clock.now()))
        except ValueError:
            return SendError(permanent=True, code="bad_header"), smtp
        try:
            smtp = smtp or self._relay.connect()
        except smtplib.SMTPAuthenticationError as error:
            return SendError(False, "auth_refused", str(error.smtp_code)), None
        except (OSError, smtplib.SMTPException) as error:
            return SendError(False, "connect_failed", type(error).__name__), None
        try:
            _hand_over(smtp, message, content)
        except NotSent as refused:
            return refused.error, _reset(smtp)
        except (OSError, smtplib.SMTPException) as error:
            smtp.close()
            return SendError(False, "answer_lost", type(error).__name__, unknown=True), None
        return Accepted(message_id(message)), smtp


def message_id(message: Outgoing, domain: str = "") -> str:
    """The Message-ID without brackets: the idempotency key at our domain."""
    return f"{message.idempotency_key}@{domain or settings.MAIL_DOMAIN}"


def mime_of(message: Outgoing, *, date: str, style: Style | None = None) -> bytes:
    """The message as it goes over the wire, CRLF lines. The same `message`, `date` and `style`
    (by default that of the settings) always give the same bytes: messages are made again years
    later. Raises ValueError when a header would break out of its line."""
    style = style or style_now("smtp")
    identity = message_id(message, style.mail_domain)
    headers = [
        ("From", mime.mailbox(style.mail_from)[0]),
        ("To", mime.plain_address(message.to)),
        ("Subject", mime.unstructured(message.subject)),
        ("Date", date),
        ("Message-ID", f"<{identity}>"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", mime.one_line(message.language)),
    ]
    if PURPOSE_HEADER not in message.headers:
        link = unsubscribe.url_of(message.delivery_id, style.public_url)
        headers.append(("List-Unsubscribe", f"<{link}>"))
        if message.headers.get(MANDATORY_HEADER) != "yes":
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    headers += [(name, mime.unstructured(value)) for name, value in message.headers.items()]
    return mime.message(headers, text=message.text, html=message.html, identity=identity)


def _hand_over(smtp: smtplib.SMTP, message: Outgoing, content: bytes) -> None:
    """One mail transaction. Raises NotSent while refusal is certain; whatever fails after the
    content went out comes as the bare exception, because then nobody knows."""
    try:
        options = [f"size={len(content)}"] if smtp.has_extn("size") else []
        if not message.to.isascii():
            if not smtp.has_extn("smtputf8"):
                raise NotSent(SendError(True, "smtputf8_unsupported"))
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        _expect(2, "sender_refused", smtp.mail(mime.mailbox(settings.MAIL_FROM)[1], options))
        _expect(2, "recipient_refused", smtp.rcpt(message.to))
        _expect(3, "data_refused", smtp.docmd("DATA"))
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise NotSent(SendError(False, "disconnected", type(error).__name__)) from error
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    smtp.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    _expect(2, "content_refused", smtp.getreply())


def _expect(first_digit: int, code: str, reply: tuple[int, bytes]) -> None:
    """Raise NotSent unless the reply is of that class. 5xx is permanent, all else passes."""
    number = reply[0]
    if number // 100 == first_digit:
        return
    if number < 200:
        raise smtplib.SMTPServerDisconnected("no reply")
    enhanced = re.match(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b", reply[1] or b"")
    status = enhanced.group(1).decode() if enhanced else ""
    if code == "recipient_refused" and dsn.blames_address(status):
        code = DEAD_ADDRESS
    raise NotSent(SendError(number // 100 == 5, code, f"{number} {status}".strip()))


def _reset(smtp: smtplib.SMTP) -> smtplib.SMTP | None:
    """The session ready for the next message, or None when it is gone."""
    try:
        if smtp.sock is not None and smtp.rset()[0] == 250:
            return smtp
    except (OSError, smtplib.SMTPException):
        pass
    smtp.close()
    return None


def _leave(smtp: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    smtp.close()
