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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import transaction

from audit import alarms, keys, sequencer, store
from audit.findings import Finding, Findings
from audit.keyring.statement import Keyring
from audit.leaf import Subjects, leaf_of_row
from audit.merkle import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    leaf_hash,
)
from audit.models import Verification
from audit.note import NoteError
from audit.record import record
from audit.rederive import Claim, Rederived
from audit.witnessing.checks import Attested, check_attestations
from core.access import require
from core.actor import Actor, system
from core.roles import Capability

VERIFIER = system("verifier")
_STEP = 16 * TILE_WIDTH  # leaves between two looks at the stored tiles

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
_STRAY_TILES = "SELECT level, index, width FROM audit_tile ORDER BY level, index, width"
_KEY_CHANGES = "SELECT size, rotated_at, old, new, reason FROM audit_keyrotation"
_CHECKPOINTS = "SELECT size, root, note FROM audit_checkpoint ORDER BY size"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a verification found. `findings` shows some of each kind; `counts` has them all.

    `size` is the number of leaves, `pending` of records committed but not placed, `checkpoints`
    of stored checkpoints checked, `attested` of cosignatures and time-stamps; `against` is the
    size of the outside checkpoint, if any.
    """

    ok: bool
    size: int
    root: bytes
    pending: int
    checkpoints: int
    attested: Attested
    against: int | None
    seconds: float
    findings: tuple[Finding, ...]
    counts: dict[str, int]


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
        if not result.ok:
            alarms.tell(
                "audit.verification_failed",
                actor=actor,
                now=finished,
                subjects=Subjects(object=f"verification:{row.pk}"),
                payload={"size": result.size, "findings": dict(result.counts)},
            )
    return result


def check_log(
    *, against: str | None = None, progress: Progress | None = None
) -> VerificationResult:
    """Verify the log and write nothing."""
    started = time.monotonic()
    found = Findings()
    with store.snapshot(3) as (leaves, signed, rest):
        ring = keys.keyring(rest)
        claims = [*_outside_claims(against, ring, found, rest), *_key_claims(ring, found, rest)]
        outside = next((claim.size for claim in claims if claim.source == "against"), None)
        stored = _stored_claims(signed, ring, found)
        tree = Rederived(rest, found, heapq.merge(sorted(claims), stored))
        total = _one(rest, "SELECT count(*) FROM audit_leaf")
        for size in _stream_leaves(leaves, tree, found):
            if progress is not None:
                progress(size, total)
        tree.finish()
        _check_rows(rest, found)
        _check_strays(rest, tree.size, found)
        attested = check_attestations(rest, found)
        _check_state(rest, tree, found)
        checkpoints = _one(rest, "SELECT count(*) FROM audit_checkpoint")
        pending = _one(rest, "SELECT count(*) FROM audit_pending")
    return VerificationResult(
        ok=not found.counts,
        size=tree.size,
        root=tree.root(),
        pending=pending,
        checkpoints=checkpoints,
        attested=attested,
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
    driver: psycopg.Connection[Any], tree: Rederived, found: Findings
) -> Iterator[int]:
    """Feed every leaf to `tree`, hashed again from its record; yields the size now and then."""
    expected = 0
    hashes: list[bytes] = []
    cursor = store.binary(driver)
    store.by_index(driver)
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


def _check_rows(driver: psycopg.Connection[Any], found: Findings) -> None:
    """Every record has exactly one leaf, or is queued."""
    with store.merging(driver):
        for (record_id,) in store.binary(driver).stream(_UNPLACED):
            found.add("record_unplaced", record=record_id)
    for record_id, first, second in store.binary(driver).stream(_TWICE):
        found.add("record_twice", record=record_id, index=first, other=second)
    for record_id, gone, index in store.binary(driver).stream(_QUEUE):
        if gone:
            found.add("queue_without_record", record=record_id)
        else:
            found.add("queue_already_placed", record=record_id, index=index)


def _check_state(driver: psycopg.Connection[Any], tree: Rederived, found: Findings) -> None:
    """The sequencer goes on from where the log ends."""
    row = driver.execute("SELECT size, frontier FROM audit_sequencerstate WHERE id = 1").fetchone()
    size, frontier = row or (0, b"")
    if size != tree.size:
        found.add("state_size", state=size, leaves=tree.size)
    elif size and bytes(frontier) != tree.frontier().to_bytes():
        found.add("state_frontier", leaves=size)


def _check_strays(driver: psycopg.Connection[Any], size: int, found: Findings) -> None:
    """No tile lies beyond the log's edge."""
    for level, number, width in store.binary(driver).stream(_STRAY_TILES, binary=True):
        if not 0 < width <= TILE_WIDTH or number * TILE_WIDTH + width > size >> TILE_HEIGHT * level:
            found.add("tile_stray", tile=Tile(level, number, width).path, size=size)


# --- claims ---------------------------------------------------------------------------------


def _stored_claims(
    driver: psycopg.Connection[Any], ring: Keyring, found: Findings
) -> Iterator[Claim]:
    """The stored checkpoints, by size, that the key in force has signed; others are findings."""
    for size, root, text in store.binary(driver).stream(_CHECKPOINTS, binary=True):
        try:
            opened = ring.open(text.encode()).checkpoint
        except NoteError as error:
            found.add("checkpoint_signature", size=size, why=str(error))
            continue
        if (opened.size, opened.root) == (size, root):
            yield Claim(size, root, "stored")
        else:
            found.add("checkpoint_row", size=size)


def _outside_claims(
    against: str | None, ring: Keyring, found: Findings, driver: psycopg.Connection[Any]
) -> Iterator[Claim]:
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
            opened = ring.open(data).checkpoint
        except NoteError as error:
            found.add(f"{source}_signature", why=str(error), path=str(path))
            continue
        yield Claim(opened.size, opened.root, source)


def _key_claims(ring: Keyring, found: Findings, driver: psycopg.Connection[Any]) -> Iterator[Claim]:
    """The tree heads at which the log's key was changed, signed by the old key and the new."""
    if ring.broken is not None:
        size, why = ring.broken
        found.add("key_rotation", size=size, why=why)
    believed = {statement.size: statement for statement in ring.statements}
    for size, *row in driver.execute(_KEY_CHANGES):
        told = believed.get(size)
        if told and row != [told.at, str(told.old), str(told.new), told.reason]:
            found.add("key_rotation_row", size=size)
    for statement in ring.statements:
        yield Claim(statement.size, statement.root, "rotation")
