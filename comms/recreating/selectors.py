"""The message of a delivery, made again."""

from __future__ import annotations

import json
from dataclasses import dataclass

from audit import sealing
from audit.models import Record
from comms import content
from comms.channels.base import Outgoing
from comms.models import Delivery
from comms.recreating.stamp import stamp_from, with_wire
from core import crypto
from core.crypto import SealBroken
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rendering import Rendered
from templates_mgmt.selectors import content_of

_FILES = {"smtp": ("eml", "message/rfc822"), "http-sms": ("json", "application/json"),
          "inbox": ("json", "application/json")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recreated:
    """A message as its provider got it. `wire` are the very bytes; `proven` says that they are
    those of the commitment in the ledger record `record` (None while there is none)."""

    message: Outgoing
    wording: content.Wordings
    own: dict[str, str]
    kind: str
    proven: bool
    record: Record | None

    @property
    def wire(self) -> bytes:
        """What the provider got: the whole mail, or this message's part of the request."""
        return self.message.wire

    @property
    def rendered(self) -> Rendered:
        """Subject, text and HTML."""
        return Rendered(self.message.subject, self.message.text, self.message.html)

    @property
    def file_ending(self) -> str:
        """The ending of a file with these bytes."""
        return _FILES.get(self.kind, ("txt", "text/plain"))[0]

    @property
    def media_type(self) -> str:
        """Their media type."""
        return _FILES.get(self.kind, ("txt", "text/plain"))[1]


def recreate(delivery: Delivery) -> Recreated | None:
    """The message of `delivery` byte for byte; None when none was made, or the investor's data
    were erased. The wording is read whatever its state now: a recalled version was still sent.
    """
    if delivery.content_sealed is None or delivery.commitment is None:
        return None
    try:
        key = sealing.key_of(delivery.investor_id)
        opened = content.open_sealed(key, bytes(delivery.content_sealed))
        stamp = stamp_from(opened.stamp)
    except (sealing.KeyDestroyed, SealBroken, KeyError):
        return None
    notice = delivery.notice
    version = (
        TemplateVersion.objects.select_related("template")
        .prefetch_related("variants")
        .get(pk=notice.version_id)
    )
    wording = content.wordings_of(
        content_of(version),
        code=notice.code,
        values=notice.values,
        public_url=stamp.style.public_url,
        exercise=notice.exercise,
    )
    rendered = wording.render(delivery.channel, delivery.language, opened.own)
    message = Outgoing(
        delivery_id=delivery.pk,
        notice_id=notice.pk,
        investor_id=delivery.investor_id,
        idempotency_key=delivery.idempotency_key,
        to=opened.to,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        language=delivery.language,
        headers=content.headers_of(notice.code, mandatory=stamp.mandatory),
    )
    message = with_wire(message, stamp)
    record, commitment = _committed(delivery)
    return Recreated(
        message=message,
        wording=wording,
        own=opened.own,
        kind=stamp.style.kind,
        proven=crypto.commitment(opened.key, message.wire) == commitment,
        record=record,
    )


def _committed(delivery: Delivery) -> tuple[Record | None, bytes]:
    """The ledger's word on what was handed over; the row's own while there is none."""
    told = Record.objects.filter(delivery=delivery.pk, sealed__isnull=False).order_by("-id")
    for record in told[:20]:
        if "content" in (payload := json.loads(record.payload)):
            return record, bytes.fromhex(payload["content"])
    return None, bytes(delivery.commitment or b"")
