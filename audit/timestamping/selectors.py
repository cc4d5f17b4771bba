"""Reads of time-stamps."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.models import Attestor, AttestorKind, Checkpoint, Timestamp
from audit.note import parse_note
from audit.timestamping.trust import asked
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Token:
    """A time-stamp to hand out: the response (`.tsr`) and the bytes that it stamps."""

    timestamp: Timestamp
    response: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class AuthorityState:
    """The configured authority ("" when none is), its newest stamp, how the last try went."""

    name: str
    newest: Timestamp | None
    attempts: Attestor | None

    @property
    def state(self) -> str:
        """failed, ok, or pending before the first answer; archived when none is asked."""
        if not self.name:
            return "archived"
        if self.attempts and self.attempts.failures:
            return "failed"
        return "ok" if self.newest else "pending"


def tokens_for(size: int) -> list[Token]:
    """The time-stamps of the checkpoint of `size` leaves, with what they stamp."""
    rows = list(Timestamp.objects.filter(size=size))
    if not rows:
        return []
    note = Checkpoint.objects.values_list("note", flat=True).get(size=size)
    data = parse_note(note.encode()).text.encode()
    return [Token(row, bytes(row.response), data) for row in rows]


def stamped_sizes(limit: int) -> list[Timestamp]:
    """The newest time-stamps."""
    return list(Timestamp.objects.defer("response").order_by("-size")[:limit])


def first_stamp_of(index: int) -> Timestamp | None:
    """The earliest time-stamp of a checkpoint that covers leaf `index`: the record was there by
    then. None while there is none."""
    covering = Timestamp.objects.defer("response").filter(size__gt=index)
    return covering.order_by("size", "attested_at").first()


def timestamp_by_id(timestamp_id: UUID) -> Timestamp:
    """The time-stamp; raises NotFound."""
    row = Timestamp.objects.filter(pk=timestamp_id).first()
    if row is None:
        raise NotFound(_("There is no such time-stamp."))
    return row


def authority_state() -> AuthorityState:
    """How the configured authority stands."""
    who = asked()
    name = who.name if who else ""
    newest = Timestamp.objects.defer("response").order_by("-size").first()
    attempts = Attestor.objects.filter(name=name, kind=AttestorKind.AUTHORITY).first()
    return AuthorityState(name, newest, attempts)
