"""The link at the foot of every e-mail (RFC 2369) and its one-click form (RFC 8058).

The token names one delivery and proves that we made it. It never expires: a link in an old
message must still work.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from uuid import UUID

from django.conf import settings

from core import crypto

PATH = "/u/"
_MAC = 16


def token_of(delivery_id: UUID) -> str:
    """The token of one delivery: 43 characters that are safe in a URL."""
    return base64.urlsafe_b64encode(delivery_id.bytes + _mac(delivery_id)).decode().rstrip("=")


def delivery_of(token: str) -> UUID | None:
    """The delivery that `token` was made for; None for anything that we did not make."""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + _MAC:
        return None
    delivery_id = UUID(bytes=raw[:16])
    return delivery_id if hmac.compare_digest(raw[16:], _mac(delivery_id)) else None


def url_of(delivery_id: UUID, public_url: str = "") -> str:
    """The address of the unsubscribe page of one delivery; `public_url` as it was then."""
    return f"{public_url or settings.PUBLIC_URL}{PATH}{token_of(delivery_id)}/"


def _mac(delivery_id: UUID) -> bytes:
    return crypto.blind_index("unsubscribe", str(delivery_id))[:_MAC]
