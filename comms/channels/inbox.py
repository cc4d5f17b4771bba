"""The inbox of the investor portal: rows in our own database, sealed per investor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from audit import sealing
from comms.channels.base import (
    Accepted,
    Outcome,
    Outgoing,
    Plain,
    SendError,
    Style,
    Unseen,
    register,
)
from comms.models import InboxMessage
from core import clock

CONTEXT = "inbox"

_INSERT = """
INSERT INTO comms_inboxmessage (delivery_id, investor_id, notice_id, language, body_sealed,
                                created_at)
SELECT *, %s FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::bytea[])
ON CONFLICT (delivery_id) DO NOTHING
"""


@register("inbox")
class InboxChannel(Plain):
    """Acceptance is delivery: once the row is there, the investor can read it."""

    can_answer = True

    @staticmethod
    def wire(message: Outgoing, style: Style) -> bytes:
        """What is sealed, in UTF-8."""
        return body_of(message).encode()

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        """Write the messages in one statement; an investor whose key was destroyed gets none."""
        keys = sealing.keys_of({message.investor_id for message in messages})
        rows = [
            (
                message.delivery_id,
                message.investor_id,
                message.notice_id,
                message.language,
                sealing.seal_text(
                    keys[message.investor_id],
                    message.wire.decode() or body_of(message),
                    context=CONTEXT,
                ),
            )
            for message in messages
            if message.investor_id in keys
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_INSERT, [clock.now(), *columns])
        return [
            Accepted(reference(message.delivery_id), delivered=True)
            if message.investor_id in keys
            else SendError(permanent=True, code="subject_erased")
            for message in messages
        ]

    def status(self, keys: Sequence[str]) -> dict[str, Accepted | SendError | Unseen]:
        """Look the rows up: always known."""
        ids = {key: UUID(key.split(".", 1)[0]) for key in keys}
        there = set(
            InboxMessage.objects.filter(delivery__in=ids.values()).values_list(
                "delivery_id", flat=True
            )
        )
        return {
            key: Accepted(reference(delivery_id), delivered=True)
            if delivery_id in there
            else Unseen()
            for key, delivery_id in ids.items()
        }


def reference(delivery_id: UUID) -> str:
    """The provider reference of an inbox message."""
    return f"inbox-{delivery_id}"


def body_of(message: Outgoing) -> str:
    """What is sealed: JSON with subject, text and html."""
    return json.dumps(
        {"subject": message.subject, "text": message.text, "html": message.html},
        ensure_ascii=False,
    )
