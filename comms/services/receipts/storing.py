"""Authenticate a provider's call and keep it as it came in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms import signing
from comms.models import RawReceipt
from core import crypto
from core.actor import system
from core.clock import uuid7
from core.errors import Forbidden, NotFound

MAX_BODY = 2 * 1024 * 1024  # bytes
KEPT_OF_REFUSED = 4096  # bytes of a body that nobody vouches for
RECEIVER = system("receipts")
_KEPT_HEADERS = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")


def store_receipt(
    *, provider: str, headers: Mapping[str, str], body: bytes, now: dt.datetime
) -> RawReceipt:
    """Keep a provider's call; `headers` with lower-case names.

    Raises NotFound for a provider that is not configured, and Forbidden (code of the signature
    check) after keeping a call that is not authentic.
    """
    _channel, entry = provider_entry(provider)
    try:
        signing.verify(entry.get("secret", ""), headers, body, now=now.timestamp())
    except signing.SignatureRefused as refused:
        keep(provider, headers, body[:KEPT_OF_REFUSED], now, refused=refused.code)
        raise Forbidden(_("The signature does not hold."), code=refused.code) from None
    return keep(provider, headers, body, now)


def open_body(receipt: RawReceipt) -> bytes:
    """The body of a stored receipt as it came in."""
    return crypto.unseal(crypto.kek(), bytes(receipt.body), context=_context(receipt.id))


def provider_entry(name: str) -> tuple[str, Mapping[str, Any]]:
    """Channel and settings entry of the provider `name`."""
    for channel, entries in settings.CHANNEL_PROVIDERS.items():
        for entry in entries:
            if entry["name"] == name:
                return channel, entry
    raise NotFound(_("No provider of that name is configured."))


def keep(
    provider: str, headers: Mapping[str, str], body: bytes, now: dt.datetime, *, refused: str = ""
) -> RawReceipt:
    """Store a call sealed, with its record. One that was `refused` (why) is finished and never
    applied."""
    receipt_id = uuid7()
    sealed = crypto.seal(crypto.kek(), body, context=_context(receipt_id))
    with transaction.atomic():
        receipt = RawReceipt.objects.create(
            id=receipt_id,
            provider=provider,
            headers={name: headers[name][:300] for name in _KEPT_HEADERS if name in headers},
            body=sealed,
            received_at=now,
            signature_ok=not refused,
            processed_at=now if refused else None,
            error=f"refused: {refused}" if refused else "",
        )
        record(
            action="receipt.refused" if refused else "receipt.stored",
            actor=RECEIVER,
            now=now,
            subjects=Subjects(object=f"receipt:{receipt_id}"),
            payload={
                "provider": provider,
                "bytes": len(body),
                "sealed": crypto.sha256_hex(sealed),
                **({"reason": refused} if refused else {}),
            },
        )
    return receipt


def _context(receipt_id: UUID) -> bytes:
    return b"receipt:" + receipt_id.bytes
