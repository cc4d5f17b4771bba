"""The sequencer: gives committed records their place in the log, then signs the result.

Writers never wait for it. A record enters the queue in its own transaction; the sequencer
takes what is committed, in batches:

1. Lock the coordination row (skip when another sequencer holds it).
2. Take queued records, hash them, give them the next indices.
3. Store leaves, changed tiles and the frontier, empty the queue, commit.
4. Only then sign: prove that the new tree extends the last signed one, which is remembered
   outside the database as well; write that memory first (fsync), the database row second.

A crash between any two steps is mended by the next run: step 4 signs whatever is committed and
unsigned, and takes up a checkpoint that reached the file but not the database. When the proof
fails (an old backup, edited tiles, another key) signing is refused for good: a fork must never
be signed.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import alarms, keys, merkle, note, store
from audit.merkle import Frontier, ProofError, TileError
from audit.models import Checkpoint, Pending, SequencerState
from audit.note import NoteError, OpenedCheckpoint
from core.actor import system
from core.errors import Conflict, Text

logger = logging.getLogger(__name__)
SEQUENCER = system("sequencer")


class LedgerForked(Conflict):
    """The database does not extend the last signed checkpoint, so nothing more is signed.

    `details` has `signed_size` (remembered) and `size` (what the database holds).
    """

    code = "ledger_forked"
    title = _("The log would fork")


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest signed tree head. `note` is the checkpoint as published."""

    size: int
    root: bytes
    note: bytes


def sequence_once(*, now: dt.datetime, limit: int | None = None) -> int:
    """Place up to `limit` queued records (default LEDGER_BATCH) and publish; returns how many.

    Raises LedgerForked before anything is placed when the database is not a continuation of
    what was signed. Must not run inside a transaction.
    """
    publish(now=now)
    placed = place(limit=limit or settings.LEDGER_BATCH)
    if placed:
        publish(now=now)
    return placed


def catch_up(*, now: dt.datetime, patience: float = 10.0) -> int:
    """Sequence until the records committed so far are in the log; returns how many remain.

    Waits at most `patience` seconds for another sequencer that holds the lock.
    """
    last = Pending.objects.order_by("-record").values_list("record", flat=True).first()
    deadline = time.monotonic() + patience
    while last is not None and Pending.objects.filter(record__lte=last).exists():
        if sequence_once(now=now) == 0:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    publish(now=now)
    return Pending.objects.count()


# --- placing --------------------------------------------------------------------------------


def place(*, limit: int) -> int:
    """Move up to `limit` records from the queue into the tree, in one transaction.

    Returns how many; 0 when there is nothing to do or another sequencer is at work.
    """
    with transaction.atomic(durable=True):
        state = _locked_state()
        if state is None:
            return 0
        frontier = _frontier(state)
        hashes = _place_leaves(state.size, limit)
        if not hashes:
            return 0
        _store_tiles(state.size, hashes)
        frontier.extend(hashes)
        _store_state(frontier)
    return len(hashes)


def _locked_state() -> SequencerState | None:
    """The coordination row, locked; None when another sequencer holds it."""
    return SequencerState.objects.select_for_update(skip_locked=True).filter(pk=1).first()


def _frontier(state: SequencerState) -> Frontier:
    frontier = Frontier.from_bytes(bytes(state.frontier)) if state.frontier else Frontier()
    if frontier.size != state.size:
        raise _forked(
            _("The sequencer's state contradicts itself."), signed=frontier.size, size=state.size
        )
    return frontier


def _place_leaves(size: int, limit: int) -> list[bytes]:
    """Give queued records the indices from `size`; returns their leaf hashes.

    Raises Conflict when the queue names only records that are gone, which nothing but a hand in
    the tables can bring about.
    """
    hashes = store.place_queued(size, limit)
    if not hashes and store.queue_without_records():
        raise Conflict(_("The records that wait for the log are gone; verify the ledger."))
    return hashes


def _store_tiles(size: int, hashes: list[bytes]) -> None:
    store.write_tiles(merkle.grow_tiles(size, hashes, store.read_tiles))


def _store_state(frontier: Frontier) -> None:
    SequencerState.objects.filter(pk=1).update(size=frontier.size, frontier=frontier.to_bytes())


# --- publishing -----------------------------------------------------------------------------


def publish(*, now: dt.datetime) -> Signed | None:
    """Sign a checkpoint for the committed tree unless that is done; returns the newest one.

    None when the log is empty or another sequencer is at work. Raises LedgerForked when the
    committed tree is older than, or contradicts, the last signed checkpoint.
    """
    with _alone(), transaction.atomic(durable=True):
        state = _locked_state()
        if state is None:
            return None
        frontier = _frontier(state)
        remembered, stored = last_signed(), _stored_checkpoint()
        _prove_extends(frontier, remembered, stored)
        if frontier.size == 0:
            return None
        if remembered is None or remembered.checkpoint.size < frontier.size:
            signed = _sign(frontier)
            _remember(signed.note)
        else:
            signed = Signed(frontier.size, frontier.root(), bytes(remembered.note))
        if stored is None or stored.checkpoint.size < signed.size:
            _store_checkpoint(signed, now)
        return signed


@contextmanager
def at_rest() -> Iterator[Signed | None]:
    """Hold the sequencer's locks for one transaction in which nobody places or signs anything.

    Yields the newest signed tree head, None before the first. Raises LedgerForked when the
    committed tree does not continue it.
    """
    with _alone(), transaction.atomic(durable=True):
        state = SequencerState.objects.select_for_update().get(pk=1)
        known = (last_signed(), _stored_checkpoint())
        _prove_extends(_frontier(state), *known)
        newest = max(
            (opened for opened in known if opened is not None),
            key=lambda opened: opened.checkpoint.size,
            default=None,
        )
        if newest is None:
            yield None
        else:
            head = newest.checkpoint
            yield Signed(head.size, head.root, bytes(newest.note))


def last_signed() -> OpenedCheckpoint | None:
    """The checkpoint remembered in LEDGER_DIR, outside the database; None before the first.

    Raises LedgerForked when the file is damaged or signed by another key.
    """
    path = checkpoint_path()
    if not path.exists():
        return None
    return _opened(path.read_bytes(), _("The remembered checkpoint (%(place)s)"), str(path))


def checkpoint_path() -> Path:
    """Where the last signed checkpoint is remembered outside the database."""
    return Path(settings.LEDGER_DIR) / "checkpoint"


def _stored_checkpoint() -> OpenedCheckpoint | None:
    row = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
    if row is None:
        return None
    return _opened(row.encode(), _("The newest checkpoint of %(place)s"), "the database")


def _opened(data: bytes, what: Text, place: str) -> OpenedCheckpoint:
    try:
        return keys.keyring().open(data)
    except NoteError as error:
        raise LedgerForked(
            _("%(what)s is not a checkpoint signed by this log's key: %(why)s.")
            % {"what": what % {"place": place}, "why": error},
            details={"place": place},
        ) from None


def _prove_extends(
    frontier: Frontier, remembered: OpenedCheckpoint | None, stored: OpenedCheckpoint | None
) -> None:
    """Raise LedgerForked unless the committed tree continues everything signed before."""
    if remembered is None and stored is not None:
        raise _forked(
            _(
                "The database holds signed checkpoints, but the memory of the last one "
                "(%(path)s) is missing. Put the newest checkpoint that anybody has seen there."
            )
            % {"path": checkpoint_path()},
            signed=stored.checkpoint.size,
            size=frontier.size,
        )
    for opened in (remembered, stored):
        if opened is not None:
            _prove_one(frontier, opened.checkpoint)


def _prove_one(frontier: Frontier, signed: note.Checkpoint) -> None:
    size, root = frontier.size, frontier.root()
    if signed.size > size:
        raise _forked(
            _(
                "The log signed %(signed)s leaves before, but the database holds only %(size)s: "
                "it was restored from an older backup. Roll it forward; nothing is signed."
            )
            % {"signed": signed.size, "size": size},
            signed=signed.size,
            size=size,
        )
    try:
        proof = merkle.consistency_proof(signed.size, size, store.read_tiles) if size else []
        merkle.verify_consistency(signed.size, size, signed.root, root, proof)
    except (ProofError, TileError) as error:
        raise _forked(
            _("The database contradicts the checkpoint signed at %(signed)s leaves: %(why)s.")
            % {"signed": signed.size, "why": error},
            signed=signed.size,
            size=size,
        ) from None


def _forked(message: Text, *, signed: int, size: int) -> LedgerForked:
    return LedgerForked(message, details={"signed_size": signed, "size": size})


def _sign(frontier: Frontier) -> Signed:
    signer = keys.signer()
    root = frontier.root()
    signed = note.sign_checkpoint(note.Checkpoint(signer.name, frontier.size, root), signer)
    return Signed(frontier.size, root, bytes(signed))


def _remember(data: bytes) -> None:
    """Replace LEDGER_DIR/checkpoint atomically and durably."""
    path = checkpoint_path()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".checkpoint-", delete=False) as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    Path(out.name).chmod(0o644)
    Path(out.name).replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _store_checkpoint(signed: Signed, now: dt.datetime) -> None:
    Checkpoint.objects.create(
        size=signed.size, root=signed.root, signed_at=now, note=signed.note.decode()
    )


@contextmanager
def _alone() -> Iterator[None]:
    """Hold LEDGER_DIR's lock: two databases (a restored copy) may share one memory."""
    directory = Path(settings.LEDGER_DIR)
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- refusals -------------------------------------------------------------------------------


def report_refusal(error: LedgerForked, *, now: dt.datetime) -> bool:
    """Log and record a refusal to sign, once for each new cause; returns whether it was new."""
    payload = {
        "signed_size": error.details.get("signed_size"),
        "size": error.details.get("size"),
    }
    logger.critical("signing refused: %s", error)
    return alarms.sound("audit.signing_refused", actor=SEQUENCER, now=now, payload=payload)
