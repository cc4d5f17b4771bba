"""Reads of the ledger: lists of records, one record with its proof, the log's head.

Nothing here writes. Reading records is itself an event: pages and the API go through
`audit.browsing.services` and `audit.services`, which record the read. Lists of records are asked
for in `audit.browsing`.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit import merkle, store
from audit.browsing import labels
from audit.leaf import Entry, Subjects, leaf_data
from audit.merkle import Tile
from audit.models import Checkpoint, Leaf, Pending, Record, Verification
from audit.witnessing import selectors as witnessing
from core.errors import NotFound
from core.models import User

# --- lists ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A record in a list: where it lies in the log (None: not yet), and who `actor` is."""

    record: Record
    index: int | None
    actor: str

    @property
    def words(self) -> str:
        """What happened, in the reader's language."""
        return labels.label_of(self.record.action)

    @property
    def outcome(self) -> str:
        """How it ended: done, refused or failed."""
        return labels.outcome_of(self.record.action).value

    @property
    def person(self) -> str:
        """The id of the member of staff who acted; empty for programs and investors."""
        kind, _colon, identity = self.record.actor.partition(":")
        return identity if kind == "user" and _is_uuid(identity) else ""

    @property
    def channel(self) -> str:
        """The channel, where there is one."""
        return str(self.record.content.get("channel") or "")

    @property
    def reason(self) -> str:
        """The reason given, where there is one in words."""
        reason = self.record.content.get("reason")
        return reason if isinstance(reason, str) else ""


def listed(records: Iterable[Record]) -> list[Listed]:
    """`records` with their places in the log and the names of people: two queries."""
    records = list(records)
    indices = dict(
        Leaf.objects.filter(record__in=[record.pk for record in records]).values_list(
            "record", "index"
        )
    )
    names = actor_names(record.actor for record in records)
    return [
        Listed(record, indices.get(record.pk), names.get(record.actor, record.actor))
        for record in records
    ]


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Display names of the people among `actors` (`user:<id>`), in one query."""
    ids = {actor.partition(":")[2] for actor in actors if actor.startswith("user:")}
    people = User.objects.filter(pk__in=[each for each in ids if _is_uuid(each)])
    return {f"user:{user.pk}": str(user) for user in people}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# --- one record -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That leaf `index` is in the log as signed by `checkpoint` (RFC 6962, section 2.1.1)."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    size: int
    root: bytes
    checkpoint: str

    @property
    def text(self) -> str:
        """The proof as one file (C2SP tlog-proof)."""
        hashes = "".join(f"{b64encode(node).decode()}\n" for node in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.index}\n{hashes}\n{self.checkpoint}"


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """A record, its exact leaf bytes, and its proof (None: waiting for the sequencer)."""

    record: Record
    actor: str
    leaf: bytes
    proof: InclusionProof | None


def record_by_id(record_id: UUID) -> Record:
    """The record; raises NotFound."""
    record = Record.objects.filter(pk=record_id).first()
    if record is None:
        raise NotFound(_("There is no such record."))
    return record


def record_detail(record_id: UUID) -> RecordDetail:
    """A record with everything that proves it; raises NotFound."""
    record = record_by_id(record_id)
    return RecordDetail(
        record=record,
        actor=actor_names([record.actor]).get(record.actor, record.actor),
        leaf=leaf_data(entry_of(record)),
        proof=inclusion_of(record_id),
    )


def entry_of(record: Record) -> Entry:
    """The stored row as the ledger's own type."""
    return Entry(
        id=record.id,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        action=record.action,
        actor=record.actor,
        subjects=Subjects(*(getattr(record, name) for name in Subjects._fields)),
        payload=record.payload,
        sealed=None if record.sealed is None else bytes(record.sealed),
    )


def inclusion_of(record_id: UUID) -> InclusionProof | None:
    """The proof at the newest checkpoint that witnesses cosigned, else at the newest one; None
    while the record waits for one that covers it."""
    leaf = Leaf.objects.filter(record=record_id).first()
    checkpoint = witnessing.covering(leaf.index) if leaf else None
    if leaf is None or checkpoint is None:
        return None
    path = merkle.inclusion_proof(leaf.index, checkpoint.size, store.read_tiles)
    return InclusionProof(
        index=leaf.index,
        leaf=bytes(leaf.hash),
        path=tuple(path),
        size=checkpoint.size,
        root=bytes(checkpoint.root),
        checkpoint=witnessing.cosigned_note(checkpoint.size, checkpoint.note),
    )


# --- the log --------------------------------------------------------------------------------


def latest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head; None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def latest_verification() -> Verification | None:
    """The newest verification that has ended; None before the first."""
    return Verification.objects.filter(ok__isnull=False).order_by("-id").first()


def running_verification(*, now: dt.datetime) -> Verification | None:
    """A verification asked for within the hour that has not ended."""
    recent = now - dt.timedelta(hours=1)
    return Verification.objects.filter(ok__isnull=True, started_at__gt=recent).first()


def waiting() -> int:
    """How many committed records the sequencer has not placed yet."""
    return Pending.objects.count()


def tile_bytes(tile: Tile) -> bytes | None:
    """A stored hash tile, or an entry bundle made from its rows; None when there is none."""
    if tile.level == merkle.ENTRIES_LEVEL:
        return _bundle(tile)
    return store.read_tiles([tile]).get(tile)


def _bundle(tile: Tile) -> bytes | None:
    first = tile.number * merkle.TILE_WIDTH
    entries = [data for _index, data in store.leaf_rows(first, first + tile.width)]
    return merkle.encode_entries(entries) if len(entries) == tile.width else None


# --- exports --------------------------------------------------------------------------------


def recent_notices(limit: int = 100) -> list[tuple[UUID, str]]:
    """The newest notices in the ledger, as (id, "code · title"), from the records of their
    making."""
    rows = (
        Record.objects.filter(action="notice.created", notice__isnull=False)
        .order_by("-id")
        .defer("sealed")[:limit]
    )
    return [(row.notice, notice_words(row)) for row in rows if row.notice is not None]


def notice_words(row: Record) -> str:
    """Code and title of the notice that a record of its making is about."""
    content = row.content
    words = [str(content[name]) for name in ("code", "title") if content.get(name)]
    return " · ".join(words) or str(row.notice)
