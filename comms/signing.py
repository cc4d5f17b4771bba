"""Signed HTTP messages between providers and us, both ways. Pure.

The scheme is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, carried in the
headers `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`
(`v1,<base64>`, several separated by blanks while a secret is being changed).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


class SignatureRefused(ValueError):
    """The message is not authentic or not fresh; `code` says which part failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def secret_bytes(secret: str) -> bytes:
    """The key of `whsec_<base64>`, or the text itself. An empty secret is refused."""
    if not secret:
        raise SignatureRefused("no_secret")
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise SignatureRefused("bad_secret") from None


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 HMAC-SHA256>` of one message."""
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(secret_bytes(secret), content, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed message; `timestamp` in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def verify(
    secret: str,
    given: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance: int = TOLERANCE_SECONDS,
) -> str:
    """The message id of an authentic message; raises SignatureRefused.

    `given` are the headers with lower-case names, `now` in seconds since 1970. Compared in
    constant time. A time-stamp more than `tolerance` seconds off, past or future, is refused.
    """
    message_id = given.get("webhook-id", "")
    offered = given.get("webhook-signature", "").split()
    if not message_id or not offered:
        raise SignatureRefused("unsigned")
    raw = given.get("webhook-timestamp", "")
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 12):
        raise SignatureRefused("bad_timestamp")
    expected = signature(secret, message_id, int(raw), body).encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in offered):
        raise SignatureRefused("bad_signature")
    if abs(now - int(raw)) > tolerance:
        raise SignatureRefused("stale_timestamp")
    return message_id
