"""What the bytes of a message depend on besides its wording, values and address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, NamedTuple

from django.db import connection

from audit.canonical import canonical_text
from comms.channels import base
from comms.channels.base import Outgoing, Style
from comms.recreating.models import SendingStyle
from core import crypto


class Stamp(NamedTuple):
    """`date` as mail writes it (RFC 5322); `mandatory` is whether the topic was, which decides
    about one-click unsubscribing."""

    date: str
    style: Style
    style_id: str
    mandatory: bool

    def sealed(self) -> dict[str, Any]:
        """What lies sealed with the delivery."""
        return {"date": self.date, "style": self.style_id, "mandatory": self.mandatory}


def stamp_of(provider: base.Channel, *, mandatory: bool, now: dt.datetime) -> Stamp:
    """The stamp of messages that `provider` gets now. Runs in the caller's transaction."""
    style = base.style_of(provider)
    return Stamp(format_datetime(now), style, _id_of(style, now), mandatory)


def stamp_from(sealed: Mapping[str, Any]) -> Stamp:
    """The stamp that was sealed; raises KeyError for what was sealed without one."""
    style = SendingStyle.objects.get(pk=sealed["style"])
    return Stamp(sealed["date"], Style(**style.content), style.pk, sealed["mandatory"])


def with_wire(message: Outgoing, stamp: Stamp) -> Outgoing:
    """`message` with the very bytes that its provider is to get; none when no such message can
    be written (a header that would break out of its line): the channel then says so."""
    dated = message if message.date == stamp.date else message._replace(date=stamp.date)
    try:
        return dated._replace(wire=base.wire_of(dated, stamp.style))
    except ValueError:
        return dated


def _id_of(style: Style, now: dt.datetime) -> str:
    """The style's id; its row is written the first time."""
    content = canonical_text(style._asdict())
    style_id = crypto.sha256_hex(content.encode())[:16]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO comms_sendingstyle (id, content, created_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (id) DO NOTHING",
            [style_id, content, now],
        )
    return style_id
