"""Reads of the ledger: lists of records, one record with its proof, the log's head.

Nothing here writes. Reading records is itself an event: pages and the API go through
`audit.services.browse` and `view_record`, which record the read.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit import merkle, store
from audit.leaf import Entry, Subjects, leaf_data
from audit.merkle import Tile
from audit.models import Checkpoint, Export, Leaf, Pending, Record, Verification
from core.errors import NotFound
from core.models import User
from core.pages import PAGE_SIZE, KeysetPage, keyset_page

SUBJECTS = ("notice", "delivery", "investor", "template", "version", "incident", "staff")


# --- lists ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What to show. Empty fields do not filter; the period is [since, until) of `recorded_at`.

    `text` is a record's or a subject's id, a place in the log, (part of) an action, an actor or
    an `object`; inside another filter it also searches payloads.
    """

    text: str = ""
    action: str = ""
    actor: str = ""
    notice: UUID | None = None
    delivery: UUID | None = None
    investor: UUID | None = None
    template: UUID | None = None
    incident: UUID | None = None
    staff: UUID | None = None
    object: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def narrow(self) -> dict[str, str]:
        """The filters in force, apart from the text, as plain strings."""
        return {
            name: value.isoformat() if isinstance(value, dt.datetime) else str(value)
            for name, value in asdict(self).items()
            if value and name != "text"
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """A record in a list: where it lies in the log (None: not yet), and who `actor` is."""

    record: Record
    index: int | None
    actor: str


def matching(filters: RecordFilter) -> QuerySet[Record]:
    """The records that pass `filters`, without what is sealed."""
    plain = {
        name: value
        for name, value in asdict(filters).items()
        if value and name not in {"text", "since", "until", "staff"}
    }
    rows = Record.objects.filter(**plain).defer("sealed")
    if filters.since:
        rows = rows.filter(recorded_at__gte=filters.since)
    if filters.until:
        rows = rows.filter(recorded_at__lt=filters.until)
    if filters.staff:
        rows = rows.filter(Q(staff=filters.staff) | Q(actor=f"user:{filters.staff}"))
    if text := filters.text.strip():
        rows = rows.filter(_text_condition(text, within=bool(filters.narrow())))
    return rows


def _text_condition(text: str, *, within: bool) -> Q:
    try:
        identity = UUID(text)
    except ValueError:
        pass
    else:
        condition = Q(pk=identity) | Q(actor=f"user:{identity}")
        for name in SUBJECTS:
            condition |= Q(**{name: identity})
        return condition
    if text.isascii() and text.isdigit() and len(text) < 19:
        return Q(pk__in=Leaf.objects.filter(index=int(text)).values("record"))
    wanted = [action for action in actions() if text.lower() in action]
    condition = Q(action__in=wanted) | Q(actor=text) | Q(object=text)
    return condition | Q(payload__icontains=text) if within else condition


def page_of_records(
    filters: RecordFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> KeysetPage[Record]:
    """One page of matching records, newest first."""
    return keyset_page(matching(filters), cursor, size)


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


def actions() -> list[str]:
    """The actions that occur, in order: a loose scan of the index, not of the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE seen AS ("
            "(SELECT action FROM audit_record ORDER BY action LIMIT 1) UNION ALL "
            "SELECT (SELECT action FROM audit_record r WHERE r.action > seen.action "
            "ORDER BY action LIMIT 1) FROM seen WHERE seen.action IS NOT NULL) "
            "SELECT action FROM seen WHERE action IS NOT NULL"
        )
        return [action for (action,) in cursor.fetchall()]


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
    """The proof at the newest checkpoint; None while the record waits for one that covers it."""
    leaf = Leaf.objects.filter(record=record_id).first()
    checkpoint = latest_checkpoint()
    if leaf is None or checkpoint is None or leaf.index >= checkpoint.size:
        return None
    path = merkle.inclusion_proof(leaf.index, checkpoint.size, store.read_tiles)
    return InclusionProof(
        index=leaf.index,
        leaf=bytes(leaf.hash),
        path=tuple(path),
        size=checkpoint.size,
        root=bytes(checkpoint.root),
        checkpoint=checkpoint.note,
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


def exports() -> QuerySet[Export]:
    """All exports, newest first."""
    return Export.objects.order_by("-id")


def export_by_id(export_id: UUID) -> Export:
    """The export; raises NotFound."""
    export = Export.objects.filter(pk=export_id).first()
    if export is None:
        raise NotFound(_("There is no such export."))
    return export


def recent_notices(limit: int = 100) -> list[tuple[UUID, str]]:
    """The newest notices in the ledger, as (id, "code · title"), from the records of their
    making."""
    rows = (
        Record.objects.filter(action="notice.created", notice__isnull=False)
        .order_by("-id")
        .defer("sealed")[:limit]
    )
    return [(row.notice, _notice_words(row)) for row in rows if row.notice is not None]


def _notice_words(row: Record) -> str:
    content = row.content
    words = [str(content[name]) for name in ("code", "title") if content.get(name)]
    return " · ".join(words) or str(row.notice)


def downloads_of(export: Export, limit: int = 20) -> list[Listed]:
    """The newest records of downloads of an export."""
    rows = Record.objects.filter(object=f"export:{export.pk}", action="export.downloaded")
    return listed(rows.order_by("-id")[:limit])
