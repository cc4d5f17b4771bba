"""The message of one delivery, written and committed to in the transaction that claims it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from audit import sealing
from comms import content
from comms.channels import base
from comms.channels.base import Outgoing
from comms.frozen import Released
from comms.recreating.stamp import Stamp, stamp_from, stamp_of, with_wire
from comms.rules import Channel
from core import crypto
from investors import vault
from investors.candidates import OnChannel, topic_is_mandatory
from templates_mgmt.rendering import Rendered


class Row(NamedTuple):
    """A due delivery as it was locked. `sealed` is set when an earlier attempt's outcome is
    unknown: then the very same message goes out again, under the same key."""

    id: UUID
    investor: UUID
    language: str
    attempts: int
    key_group: int
    commitment: bytes | None
    sealed: bytes | None


class Ready(NamedTuple):
    """A delivery with its message."""

    row: Row
    contact: UUID | None
    message: Outgoing
    commitment: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the messages of one claim; what they share is worked out once."""

    notice: UUID
    code: str
    channel: str
    wordings: content.Wordings
    stamp: Stamp
    headers: Mapping[str, str]
    seal: content.Sealer

    @classmethod
    def of(
        cls,
        notice: Released,
        channel: Channel,
        provider: base.Channel,
        wordings: content.Wordings,
        *,
        now: dt.datetime,
    ) -> Writer:
        """The writer of messages that `provider` gets now; runs in the claim's transaction."""
        stamp = stamp_of(provider, mandatory=topic_is_mandatory(notice.topic), now=now)
        seal = content.Sealer(stamp.sealed())
        headers = content.headers_of(notice.code, mandatory=stamp.mandatory)
        return cls(notice.id, notice.code, channel.value, wordings, stamp, headers, seal)

    def write(self, row: Row, person: OnChannel) -> Ready:
        """The message of one delivery. Raises MissingValue, KeyDestroyed for erased data."""
        if person.wrapped is None:
            raise sealing.KeyDestroyed(str(person.investor_id))
        key = crypto.unwrap(person.wrapped, context=person.investor_id.bytes)
        if row.sealed is not None and row.commitment is not None:
            opened = content.open_sealed(key, row.sealed)
            stamp = stamp_from(opened.stamp) if opened.stamp else self.stamp
            rendered = self.wordings.render(self.channel, row.language, opened.own)
            message = self._message(row, opened.to, rendered, stamp)
            return Ready(row, person.contact_id, message, row.commitment, row.sealed)
        own: dict[str, str] = {}
        if self.wordings.variants[self.channel, row.language].names:
            profile = vault.open_profile(key, person.profile)
            own = self.wordings.own_values(self.channel, row.language, profile)
        to = vault.open_contact(key, person.contact_sealed) if person.contact_sealed else ""
        rendered = self.wordings.render(self.channel, row.language, own)
        message = self._message(row, to, rendered, self.stamp)
        return Ready(row, person.contact_id, message, *self.seal(key, message.wire, to=to, own=own))

    def _message(self, row: Row, to: str, rendered: Rendered, stamp: Stamp) -> Outgoing:
        headers = self.headers
        if stamp.mandatory != self.stamp.mandatory:  # when it was written first
            headers = content.headers_of(self.code, mandatory=stamp.mandatory)
        message = Outgoing(
            row.id,
            self.notice,
            row.investor,
            f"{row.id}.{row.key_group}",
            to,
            rendered.subject,
            rendered.text,
            rendered.html,
            row.language,
            headers,
            stamp.date,
        )
        return with_wire(message, stamp)
