"""Verification of the whole log from the rows alone (L9, RFC 6962).

Nothing stored about the tree is believed: every leaf is hashed again from its record, every
tile and every root is computed again, and what is stored is compared with that. It works on one
snapshot of the database and in bounded memory; writers and the sequencer go on meanwhile.

What it can prove: the log is a continuation of every checkpoint that it is shown. A superuser
who changes rows, hashes, tiles and checkpoints alike is found out by the last signed
checkpoint kept outside the database, or by one that somebody else kept (`against`).
"""

from __future__ import annotations

import datetime as dt
import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import keys, note, sequencer, store
from audit.leaf import Subjects, leaf_of_row
from audit.merkle import (
    HASH_SIZE,
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    Tile,
    leaf_hash,
    partial_tiles,
    tile_root,
)
from audit.models import Verification
from audit.note import NoteError, VerifierKey
from audit.record import record
from core.access import require
from core.actor import Actor, system
from core.roles import Capability

VERIFIER = system("verifier")
_STEP = 16 * TILE_WIDTH  # leaves between two looks at the stored tiles
_TILE_SIZE = TILE_WIDTH * HASH_SIZE
_KEPT = 25  # findings of one kind that are written out; all are counted

Progress = Callable[[int, int], None]
"""Called now and then with (leaves verified, leaves in all)."""

_LEAVES = f"""
SELECT l.index, l.record::text, l.hash, {store.ROW}
FROM audit_leaf l LEFT JOIN audit_record r ON r.id = l.record ORDER BY l.index
"""  # noqa: S608
_UNPLACED = """
SELECT r.id::text FROM audit_record r
WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.record = r.id)
AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.record = r.id) ORDER BY r.id
"""
_QUEUE = """
SELECT p.record::text, r.id IS NULL, l.index FROM audit_pending p
LEFT JOIN audit_record r ON r.id = p.record LEFT JOIN audit_leaf l ON l.record = p.record
WHERE r.id IS NULL OR l.index IS NOT NULL ORDER BY p.record
"""
_TWICE = """
SELECT record::text, min(index), max(index) FROM audit_leaf GROUP BY record HAVING count(*) > 1
ORDER BY record
"""
_TILES = """
SELECT index, width, hashes FROM audit_tile WHERE level = %s AND index BETWEEN %s AND %s
ORDER BY index, width
"""
_STRAY_TILES = "SELECT level, index, width FROM audit_tile ORDER BY level, index, width"
_CHECKPOINTS = "SELECT size, root, note FROM audit_checkpoint ORDER BY size"

MESSAGES: dict[str, Promise] = {
    "leaf_gap": _("Leaf %(index)s is missing; the next one stored is %(next)s."),
    "leaf_without_record": _("The record of leaf %(index)s (%(record)s) is gone."),
    "leaf_hash": _("Leaf %(index)s does not match its record %(record)s."),
    "record_twice": _("Record %(record)s has two leaves: %(index)s and %(other)s."),
    "record_unplaced": _("Record %(record)s is neither in the log nor queued for it."),
    "queue_without_record": _("The queue names record %(record)s, which does not exist."),
    "queue_already_placed": _("Record %(record)s is queued, but is leaf %(index)s already."),
    "tile_missing": _("The tile %(tile)s is missing."),
    "tile_wrong": _(
        "The tile %(tile)s does not hold the hashes of its leaves, first at leaf %(index)s."
    ),
    "tile_stray": _("The tile %(tile)s does not belong to a log of %(size)s leaves."),
    "checkpoint_signature": _("The checkpoint at %(size)s leaves is not genuine: %(why)s."),
    "checkpoint_row": _("The checkpoint row at %(size)s leaves contradicts its own note."),
    "checkpoint_root": _(
        "The checkpoint at %(size)s leaves has another root: something among leaves %(first)s "
        "to %(last)s was changed after it was signed."
    ),
    "checkpoint_beyond": _(
        "The checkpoint at %(size)s leaves is beyond the log, which has %(leaves)s: the last "
        "%(lost)s were cut off."
    ),
    "remembered_missing": _("The last signed checkpoint is missing from %(path)s."),
    "remembered_signature": _("The last signed checkpoint (%(path)s) is not genuine: %(why)s."),
    "against_signature": _("The checkpoint to check against is not this log's: %(why)s."),
    "state_size": _("The sequencer counts %(state)s leaves; the log has %(leaves)s."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where. `place` has leaf indices, record ids, sizes."""

    code: str
    place: dict[str, Any]

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % self.place


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a verification found. `findings` shows some of each kind; `counts` has them all.

    `size` is the number of leaves, `pending` of records committed but not placed, `checkpoints`
    of stored checkpoints checked; `against` is the size of the outside checkpoint, if any.
    """

    ok: bool
    size: int
    root: bytes
    pending: int
    checkpoints: int
    against: int | None
    seconds: float
    findings: tuple[Finding, ...]
    counts: dict[str, int]


@dataclass(slots=True)
class _Findings:
    """Findings so far: all counted, some kept."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, **place: Any) -> None:
        self.counts[code] += 1
        if self.counts[code] <= _KEPT:
            self.kept.append(Finding(code, place))


class _Claim(NamedTuple):
    """A signed tree head that the log must continue, and who kept it."""

    size: int
    root: bytes
    source: str  # stored | remembered | against


def verify_log(
    *,
    now: dt.datetime,
    against: str | None = None,
    actor: Actor = VERIFIER,
    progress: Progress | None = None,
    verification_id: UUID | None = None,
) -> VerificationResult:
    """Verify the log, store the result as a Verification and record it.

    `against` is a checkpoint (the note's text) that somebody kept outside. People need
    AUDIT_VERIFY. `verification_id` completes a row made by `services.request_verification`.
    """
    if not actor.is_system:
        require(actor, Capability.AUDIT_VERIFY)
    result = check_log(against=against, progress=progress)
    finished = now + dt.timedelta(seconds=result.seconds)
    with transaction.atomic():
        row = (
            Verification.objects.select_for_update().get(pk=verification_id)
            if verification_id
            else Verification(started_at=now)
        )
        row.finished_at, row.size, row.ok = finished, result.size, result.ok
        row.findings = [
            {"code": each.code, "message": str(each), **each.place} for each in result.findings
        ]
        row.save()
        record(
            action="audit.verified",
            actor=actor,
            now=finished,
            subjects=Subjects(object=f"verification:{row.pk}"),
            payload={
                "ok": result.ok,
                "size": result.size,
                "checkpoints": result.checkpoints,
                "against": result.against,
                "findings": dict(result.counts),
            },
        )
    return result


def check_log(
    *, against: str | None = None, progress: Progress | None = None
) -> VerificationResult:
    """Verify the log and write nothing."""
    started = time.monotonic()
    found = _Findings()
    key = keys.verifier_key()
    with store.snapshot(3) as (leaves, signed, rest):
        claims = list(_outside_claims(against, key, found, rest))
        outside = next((claim.size for claim in claims if claim.source == "against"), None)
        stored = _stored_claims(signed, key, found)
        tree = _Rederived(rest, found, heapq.merge(sorted(claims), stored))
        total = _one(rest, "SELECT count(*) FROM audit_leaf")
        for size in _stream_leaves(leaves, tree, found):
            if progress is not None:
                progress(size, total)
        tree.finish()
        _check_rows(rest, found)
        _check_strays(rest, tree.size, found)
        state = _one(rest, "SELECT size FROM audit_sequencerstate WHERE id = 1")
        if state != tree.size:
            found.add("state_size", state=state, leaves=tree.size)
        checkpoints = _one(rest, "SELECT count(*) FROM audit_checkpoint")
        pending = _one(rest, "SELECT count(*) FROM audit_pending")
    return VerificationResult(
        ok=not found.counts,
        size=tree.size,
        root=tree.root(),
        pending=pending,
        checkpoints=checkpoints,
        against=outside,
        seconds=time.monotonic() - started,
        findings=tuple(found.kept),
        counts=dict(found.counts),
    )


# --- reading --------------------------------------------------------------------------------


def _one(driver: psycopg.Connection[Any], query: str) -> int:
    row = driver.execute(query).fetchone()
    return int(row[0]) if row else 0


def _stream_leaves(
    driver: psycopg.Connection[Any], tree: _Rederived, found: _Findings
) -> Iterator[int]:
    """Feed every leaf to `tree`, hashed again from its record; yields the size now and then."""
    expected = 0
    hashes: list[bytes] = []
    cursor = store.binary(driver)
    driver.execute("SET LOCAL cursor_tuple_fraction = 0.01")
    for index, record_id, stored, *row in cursor.stream(_LEAVES, binary=True, size=1000):
        if index != expected:
            found.add("leaf_gap", index=expected, next=index)
        expected = index + 1
        if row[0] is None:
            found.add("leaf_without_record", index=index, record=record_id)
            hashes.append(stored)
        else:
            derived = leaf_hash(leaf_of_row(*row))
            if derived != stored:
                found.add("leaf_hash", index=index, record=record_id)
            hashes.append(derived)
        if len(hashes) == _STEP:
            tree.extend(hashes)
            hashes = []
            yield tree.size
    tree.extend(hashes)
    yield tree.size


def _check_rows(driver: psycopg.Connection[Any], found: _Findings) -> None:
    """Every record has exactly one leaf, or is queued."""
    for (record_id,) in store.binary(driver).stream(_UNPLACED):
        found.add("record_unplaced", record=record_id)
    for record_id, first, second in store.binary(driver).stream(_TWICE):
        found.add("record_twice", record=record_id, index=first, other=second)
    for record_id, gone, index in store.binary(driver).stream(_QUEUE):
        if gone:
            found.add("queue_without_record", record=record_id)
        else:
            found.add("queue_already_placed", record=record_id, index=index)


# --- the tree, again ------------------------------------------------------------------------


class _Rederived:
    """The tree computed from leaf hashes, compared on the way with stored tiles and claims.

    Each node is hashed once: a full tile's root is the leaf of the level above.
    """

    def __init__(
        self, driver: psycopg.Connection[Any], found: _Findings, claims: Iterator[_Claim]
    ) -> None:
        self.size = 0
        self._driver = driver
        self._found = found
        self._claims = claims
        self._claim = next(claims, None)
        self._good = 0  # the size of the last claim that held
        self._full = Frontier()  # over the roots of full tiles
        self._open = b""  # the hashes of the tile that is not full yet
        self._levels: list[tuple[int, bytes]] = []  # level above: first tile, hashes not checked
        self._published: dict[tuple[int, int], set[int]] = {}  # widths of partial tiles

    def extend(self, hashes: list[bytes]) -> None:
        """Add leaf hashes; all but the last call bring whole tiles."""
        first = self.size // TILE_WIDTH
        roots: list[bytes] = []
        data = b"".join(hashes)
        for start in range(0, len(data), _TILE_SIZE):
            chunk = data[start : start + _TILE_SIZE]
            end = self.size + len(chunk) // HASH_SIZE
            self._check_claims(chunk, end - 1)
            if len(chunk) == _TILE_SIZE:
                root = tile_root(chunk)
                roots.append(root)
                self._full.append(root)
            else:
                self._open = chunk
            self.size = end
            self._check_claims(chunk, end)
        self._check_tiles(0, first, data)
        self._rise(0, roots)

    def finish(self) -> None:
        """Compare the edges of the upper levels, and the claims that lie beyond the log."""
        for level, (first, data) in enumerate(self._levels, 1):
            if data:
                self._check_tiles(level, first, data)
        while self._claim is not None:
            size = self._claim.size
            if size == 0:
                self._check_root(self._claim, self.root())
            else:
                lost = size - self.size
                self._found.add("checkpoint_beyond", size=size, leaves=self.size, lost=lost)
            self._claim = next(self._claims, None)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return self._root_with(self._open, self.size)

    def _root_with(self, part: bytes, size: int) -> bytes:
        edge = Frontier()
        edge.extend([part[at : at + HASH_SIZE] for at in range(0, len(part), HASH_SIZE)])
        return Frontier(size, [*self._full.hashes, *edge.hashes]).root()

    def _check_claims(self, chunk: bytes, until: int) -> None:
        """Compare claims of sizes up to `until` with the roots; `chunk` is the tile at the edge."""
        while self._claim is not None and self._claim.size <= until:
            claim = self._claim
            part = chunk[: HASH_SIZE * (claim.size % TILE_WIDTH)]
            self._check_root(claim, self._root_with(part, claim.size))
            if claim.source == "stored":
                for tile in partial_tiles(claim.size):
                    self._published.setdefault(tile[:2], set()).add(tile.width)
            self._claim = next(self._claims, None)

    def _check_root(self, claim: _Claim, root: bytes) -> None:
        if claim.root == root:
            self._good = claim.size
        else:
            last = max(claim.size - 1, 0)
            self._found.add("checkpoint_root", size=claim.size, first=self._good, last=last)

    def _rise(self, level: int, roots: list[bytes]) -> None:
        """Hand the roots of full tiles to the level above; check its tiles as they fill."""
        if not roots:
            return
        if len(self._levels) == level:
            self._levels.append((0, b""))
        first, data = self._levels[level]
        data += b"".join(roots)
        whole = len(data) // (_TILE_SIZE)
        cut = whole * _TILE_SIZE
        if whole:
            self._check_tiles(level + 1, first, data[:cut])
            chunks = [data[at : at + _TILE_SIZE] for at in range(0, cut, _TILE_SIZE)]
            self._rise(level + 1, [tile_root(chunk) for chunk in chunks])
        self._levels[level] = (first + whole, data[cut:])

    def _check_tiles(self, level: int, first: int, data: bytes) -> None:
        """Compare the stored tiles of a level from tile `first` with the hashes they must hold."""
        count = -(-len(data) // (_TILE_SIZE))
        missing = {
            Tile(level, number, width)
            for number in range(first, first + count)
            for width in {
                min(TILE_WIDTH, len(data) // HASH_SIZE - (number - first) * TILE_WIDTH),
                *self._published.pop((level, number), ()),
            }
        }
        rows = store.binary(self._driver).execute(
            _TILES, [level, first, first + count - 1], binary=True
        )
        for number, width, stored in rows:
            tile = Tile(level, number, width)
            missing.discard(tile)
            start = (number - first) * _TILE_SIZE
            right = data[start : start + HASH_SIZE * min(width, TILE_WIDTH)]
            if stored != right and len(right) == HASH_SIZE * width:
                at = next(n for n in range(width) if _nth(stored, n) != _nth(right, n))
                index = number * TILE_WIDTH + at << TILE_HEIGHT * level
                self._found.add("tile_wrong", tile=tile.path, index=index)
        for tile in sorted(missing):
            self._found.add("tile_missing", tile=tile.path)


def _nth(hashes: bytes, position: int) -> bytes:
    return hashes[HASH_SIZE * position : HASH_SIZE * (position + 1)]


def _check_strays(driver: psycopg.Connection[Any], size: int, found: _Findings) -> None:
    """No tile lies beyond the log's edge."""
    for level, number, width in store.binary(driver).stream(_STRAY_TILES, binary=True):
        if not 0 < width <= TILE_WIDTH or number * TILE_WIDTH + width > size >> TILE_HEIGHT * level:
            found.add("tile_stray", tile=Tile(level, number, width).path, size=size)


# --- claims ---------------------------------------------------------------------------------


def _stored_claims(
    driver: psycopg.Connection[Any], key: VerifierKey, found: _Findings
) -> Iterator[_Claim]:
    """The stored checkpoints that the log's key signed, by size; the others are findings."""
    for size, root, text in store.binary(driver).stream(_CHECKPOINTS, binary=True):
        try:
            opened = note.open_checkpoint(text.encode(), key).checkpoint
        except NoteError as error:
            found.add("checkpoint_signature", size=size, why=str(error))
            continue
        if (opened.size, opened.root) == (size, root):
            yield _Claim(size, root, "stored")
        else:
            found.add("checkpoint_row", size=size)


def _outside_claims(
    against: str | None, key: VerifierKey, found: _Findings, driver: psycopg.Connection[Any]
) -> Iterator[_Claim]:
    """What is known outside the database: the remembered checkpoint, and `against`."""
    path = sequencer.checkpoint_path()
    texts: list[tuple[str, bytes]] = []
    if path.exists():
        texts.append(("remembered", path.read_bytes()))
    elif _one(driver, "SELECT count(*) FROM audit_checkpoint"):
        found.add("remembered_missing", path=str(path))
    if against is not None:
        texts.append(("against", against.encode()))
    for source, data in texts:
        try:
            opened = note.open_checkpoint(data, key).checkpoint
        except NoteError as error:
            found.add(f"{source}_signature", why=str(error), path=str(path))
            continue
        yield _Claim(opened.size, opened.root, source)
