"""Delivery status notifications (RFC 3464 in a multipart/report of RFC 6522). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
# RFC 3463 statuses that blame the address itself: x.1.1–x.1.3, x.1.6 and x.1.10 bad or moved
# mailbox or domain, x.2.1 mailbox disabled. A full mailbox or a policy refusal is not among them.
_DEAD_ADDRESS = re.compile(r"^5\.(1\.(1|2|3|6|10)|2\.1)$")


class NotADsn(ValueError):
    """The message is no usable notification; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What happened to one recipient; `address` is personal data."""

    address: str
    action: str
    status: str
    diagnostic: str

    @property
    def kind(self) -> str | None:
        """The normalised event, or None for a mere delay."""
        return {
            "failed": "bounced",
            "delivered": "delivered",
            "relayed": "accepted",
            "expanded": "accepted",
        }.get(self.action)

    @property
    def address_is_dead(self) -> bool:
        """Whether the address itself is at fault for good, so that it must be suppressed (I9)."""
        return self.action == "failed" and blames_address(self.status)


@dataclass(frozen=True, slots=True)
class Notification:
    """One DSN: the original's Message-ID without brackets, its envelope id, and the statuses."""

    message_id: str
    envelope_id: str
    recipients: tuple[RecipientStatus, ...]


def blames_address(status: str) -> bool:
    """Whether an enhanced status (RFC 3463) says that the address itself is at fault for good."""
    return _DEAD_ADDRESS.match(status) is not None


def parse(raw: bytes) -> Notification:
    """Read a DSN; raises NotADsn when it is something else or names no original message."""
    message = message_from_bytes(raw, policy=policy.default)
    report = _part(message, "message/delivery-status")
    if report is None:
        raise NotADsn("no message/delivery-status part")
    blocks = _children(report)
    if len(blocks) < 2:
        raise NotADsn("the delivery-status part names no recipient")
    per_message, per_recipient = blocks[0], blocks[1:]
    envelope_id = _field(per_message, "Original-Envelope-Id")
    message_id = _original_id(message)
    if not message_id and not envelope_id:
        raise NotADsn("neither the original's Message-ID nor its envelope id is returned")
    statuses = tuple(_status(block) for block in per_recipient if block.keys())
    if not statuses:
        raise NotADsn("the delivery-status part names no recipient")
    return Notification(message_id, envelope_id, statuses)


def _status(block: Message) -> RecipientStatus:
    action = _field(block, "Action").lower()
    if action not in ACTIONS:
        raise NotADsn(f"unknown action {action[:20]!r}")
    diagnostic = _field(block, "Diagnostic-Code")
    found = _STATUS.search(_field(block, "Status")) or _STATUS.search(diagnostic)
    fallback = {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")
    address = _field(block, "Original-Recipient") or _field(block, "Final-Recipient")
    return RecipientStatus(
        address=address.partition(";")[2].strip() or address,
        action=action,
        status=found.group(0) if found else fallback,
        diagnostic=diagnostic,
    )


def _original_id(message: EmailMessage | Message) -> str:
    """The Message-ID of the returned original, else what In-Reply-To names."""
    for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        part = _part(message, kind)
        if part is None:
            continue
        children = _children(part)
        raw = part.get_payload(decode=True)
        headers = message_from_bytes(raw if isinstance(raw, bytes) else b"")
        original = children[0] if children else headers
        if match := _MESSAGE_ID.search(str(original.get("Message-ID", ""))):
            return match.group(1)
    match = _MESSAGE_ID.search(str(message.get("In-Reply-To", "")))
    return match.group(1) if match else ""


def _part(message: Message, content_type: str) -> Message | None:
    """The first part of `content_type`, not looking into a returned original."""
    if message.get_content_type() == content_type:
        return message
    if message.get_content_maintype() == "multipart":
        for child in _children(message):
            if (found := _part(child, content_type)) is not None:
                return found
    return None


def _children(message: Message) -> list[Message]:
    payload = message.get_payload()
    parts = payload if isinstance(payload, list) else []
    return [part for part in parts if isinstance(part, Message)]


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())
