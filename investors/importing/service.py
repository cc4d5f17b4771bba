"""Importing a file of investors: every row ends up created, updated, unchanged, merged with an
identical one, or rejected by name."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.models import BusinessLine
from core.roles import Capability
from investors.importing import columns, detecting, reading, standing, writing
from investors.importing.beside import beside
from investors.importing.detecting import Source
from investors.importing.encoding import Encoded
from investors.importing.errorfile import ErrorFile, as_json
from investors.importing.reading import FileFacts, Problem
from investors.importing.repeats import Repeats, same
from investors.importing.rows import Rejected, Row
from investors.importing.standing import Changes, Known
from investors.importing.working import HASH, MARK, Job, Parsed, Wanted, split, worker
from investors.importing.writing import Context
from investors.models import ImportBatch, ImportRejection
from investors.rules.imports import IMPORTS

CHUNK = 2000
LOCK = 0x1A7E57  # advisory lock: one import at a time


@dataclass(slots=True)
class Totals:
    """Rows so far: read = created + updated + unchanged + merged + rejected."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: int = 0

    def add(self, other: Totals) -> None:
        """Count another chunk in."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. `by_reason` counts rejected rows by the code of their first problem;
    `columns` is field → header as used."""

    batch_id: UUID
    dry_run: bool
    encoding: str
    read: int
    created: int
    updated: int
    unchanged: int
    merged: int
    rejected: int
    by_reason: dict[str, int]
    columns: dict[str, str]


ProgressFunction = Callable[[int, int], None]  # rows so far, rows expected


@dataclass(slots=True)
class _Chunk:
    """One transaction's worth of work. Rows are told by their number among the accepted ones of
    the chunk; `refused` gives the reason, code and arguments."""

    totals: Totals = field(default_factory=Totals)
    new: list[int] = field(default_factory=list)
    known: dict[int, tuple[Known, bytes]] = field(default_factory=dict)
    refused: dict[int, tuple[str, dict[str, int | str]]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    accepted: list[tuple[bytes, int, bytes]] = field(default_factory=list)


def import_file(
    *,
    path: Source,
    line_id: UUID,
    actor: Actor,
    now: dt.datetime,
    mapping: dict[str, Any] | None = None,
    dry_run: bool = False,
    errors_path: Path | None = None,
    progress: ProgressFunction | None = None,
    batch_id: UUID | None = None,
) -> ImportResult:
    """Import `path` (CSV or XLSX) into the business line `line_id`.

    Each chunk of rows is one transaction with its ledger records; the batch's row counts what is
    committed. A crash loses nothing: importing the file again finds the finished rows unchanged
    and goes on. A dry run does all but write investors. `mapping` is as `columns.resolve` reads
    it; `batch_id` names a batch that `uploads.request_run` queued. Raises InvalidInput for a
    file or mapping that cannot be used, NotFound for an unknown line, Conflict while another
    import runs.
    """
    require(actor, Capability.INVESTORS_IMPORT)
    require_line(actor, line_id)
    business_line = BusinessLine.objects.filter(pk=line_id).first()
    if business_line is None:
        raise NotFound(_("There is no such business line."), field="line")
    given = columns.parse(mapping or {})
    facts = reading.sniff(path, encoding=given.encoding, delimiter=given.delimiter)
    use = columns.resolve(facts.headers, mapping)
    with _only_import(batch_id):
        batch = _begin(batch_id, facts, use, business_line, dry_run, actor, now)
        run = _Run(batch, facts, use, Context(batch.pk, business_line.pk, actor, now), progress)
        try:
            run.everything(errors_path)
        except BaseException as error:
            _fail(batch, error, actor, now)
            raise
    return _finish(run, actor, now)


@contextlib.contextmanager
def _only_import(batch_id: UUID | None) -> Iterator[None]:
    """Hold the import lock of the database session; other batches that a dead process left
    running are marked as failed, since nobody can be running them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict(
                _("Another import is running; wait until it has finished."), code="import_running"
            )
    try:
        left = ImportBatch.objects.filter(state=ImportBatch.State.RUNNING)
        if batch_id is not None:
            left = left.exclude(pk=batch_id)
        left.update(state=ImportBatch.State.FAILED, error="interrupted")
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _begin(
    batch_id: UUID | None,
    facts: FileFacts,
    use: columns.Mapping,
    line: BusinessLine,
    dry_run: bool,
    actor: Actor,
    now: dt.datetime,
) -> ImportBatch:
    with transaction.atomic():
        if batch_id is None:
            batch = ImportBatch(file_name=facts.path.name, created_by=actor.user_id, created_at=now)
        else:
            batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
            IMPORTS.check(old=batch.state, new=ImportBatch.State.RUNNING)
            batch.rejections.all().delete()  # of an earlier dry run
        batch.sha256, batch.size = detecting.digest(facts.path), facts.size
        batch.encoding, batch.rows_expected = facts.encoding, facts.rows
        batch.mapping = {**use.to_json(), "headers": facts.headers}
        batch.business_line, batch.dry_run = line, dry_run
        batch.state, batch.error = ImportBatch.State.RUNNING, ""
        batch.started_at, batch.totals, batch.by_reason = now, asdict(Totals()), {}
        batch.save()
        if not sealing.keys_of([batch.pk]):
            sealing.create_keys([batch.pk], now=now)
        record(
            action="import.started",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={
                "columns": dict(use.columns),
                "dry_run": dry_run,
                "encoding": facts.encoding,
                "line": line.code,
                "size": facts.size,
            },
        )
    return batch


class _Run:
    """The state of one import while it runs."""

    def __init__(
        self,
        batch: ImportBatch,
        facts: FileFacts,
        use: columns.Mapping,
        context: Context,
        progress: ProgressFunction | None,
    ) -> None:
        self.batch = batch
        self.facts = facts
        self.use = use
        self.context = context
        self.totals = Totals()
        self.reasons: Counter[str] = Counter()
        self._progress = progress
        self._mapped = frozenset(use.columns)
        self._key = sealing.key_of(batch.pk)

    def everything(self, errors_path: Path | None) -> None:
        """Go through the file, chunk by chunk: while one is written, the next is encoded and the
        one after that is read."""
        errors = ErrorFile(errors_path, self.facts.headers)
        repeats = Repeats()
        job = Job(self.facts, self.use, self.context.origin, CHUNK)
        try:
            with worker(job) as work, beside() as hand_over:
                work.ask_next()
                work.ask_next()  # two ahead, so that a helper never waits for us
                waiting: _Chunk | None = None
                while parsed := work.take_next():
                    chunk = self._classify(parsed, repeats)
                    repeats.add(chunk.accepted)
                    work.ask_encoded(chunk.new, [*chunk.known, *chunk.refused])
                    work.ask_next()
                    if waiting is not None:
                        hand_over(partial(self._write, waiting, *work.take_encoded(), errors))
                    waiting = chunk
                    self._tell()
                if waiting is not None:
                    hand_over(partial(self._write, waiting, *work.take_encoded(), errors))
            self._tell()
        finally:
            errors.close()
            repeats.close()

    def _tell(self) -> None:
        if self._progress and self.totals.read:
            self._progress(self.totals.read, max(self.facts.rows, self.totals.read))

    def _classify(self, parsed: Parsed, repeats: Repeats) -> _Chunk:
        """Sort a chunk into new, known and refused rows, in the order of the file."""
        chunk = _Chunk(rejected=parsed.rejected)
        chunk.totals.read = parsed.read
        hashes = split(parsed.refs, HASH)
        before, known = repeats.find(hashes), standing.known_investors(hashes)
        for at, (ref, mark) in enumerate(zip(hashes, split(parsed.marks, MARK), strict=True)):
            line = parsed.lines[at]
            if seen := before.get(ref):
                self._repeated(chunk, at, seen.line, same(seen, mark))
                continue
            before[ref] = repeats.entry(line, mark)
            owner = known.get(ref)
            if owner is None:
                chunk.new.append(at)
            elif owner.line_id != self.context.line_id:
                chunk.refused[at] = "belongs_elsewhere", {}
                continue
            elif owner.fingerprint == mark:
                chunk.totals.unchanged += 1
            else:
                chunk.known[at] = owner, mark
            chunk.accepted.append((ref, line, mark))
        return chunk

    def _repeated(self, chunk: _Chunk, at: int, first: int, identical: bool) -> None:
        """The same customer again: the same content is merged; other content is rejected with
        both lines named, because the file does not say which of them is right."""
        if identical:
            chunk.totals.merged += 1
        else:
            chunk.refused[at] = "repeated_differently", {"first": first}

    def _reject(
        self, chunk: _Chunk, line: int, cells: list[str], code: str, args: dict[str, int | str]
    ) -> None:
        problem = Problem(self.use.columns["ref"], code, args)
        chunk.rejected.append(Rejected(line, cells, [problem]))

    def _write(
        self, chunk: _Chunk, encoded: Encoded, rows: dict[int, Wanted], errors: ErrorFile
    ) -> None:
        """One transaction: investors, rejections, the batch's counts, and a record of them."""
        for at, (code, args) in chunk.refused.items():
            self._reject(chunk, rows[at].row.line, rows[at].cells, code, args)
        with transaction.atomic():
            changes, idle = self._changes(chunk, rows)
            chunk.rejected.sort(key=lambda rejected: rejected.line)
            chunk.totals.created = encoded.people
            chunk.totals.updated = len(changes)
            chunk.totals.unchanged += len(idle)
            chunk.totals.rejected = len(chunk.rejected)
            if not self.batch.dry_run:
                writing.create(encoded)
                writing.update(changes, self.context)
                writing.remember(idle)
            self._keep_rejections(chunk.rejected)
            self.totals.add(chunk.totals)
            self.reasons.update(rejected.problems[0].code for rejected in chunk.rejected)
            self.batch.totals = asdict(self.totals)
            self.batch.by_reason = dict(self.reasons)
            self.batch.save(update_fields=["totals", "by_reason"])
            record(
                action="import.rows_done",
                actor=self.context.actor,
                now=self.context.now,
                subjects=Subjects(object=f"import:{self.batch.pk}"),
                payload=asdict(chunk.totals),
            )
        for rejected in chunk.rejected:
            errors.write(rejected)

    def _changes(
        self, chunk: _Chunk, rows: dict[int, Wanted]
    ) -> tuple[list[Changes], list[Changes]]:
        """The known rows as (those that change something, those that do not)."""
        if not chunk.known:
            return [], []
        found = standing.load(
            [owner.investor_id for owner, _mark in chunk.known.values()],
            lock=not self.batch.dry_run,
        )
        changes: list[Changes] = []
        idle: list[Changes] = []
        for at, (owner, mark) in chunk.known.items():
            row = rows[at].row
            existing = found.get(owner.investor_id)
            if existing is None:
                self._reject(chunk, row.line, self._cells(row), "erased", {})
                continue
            change = standing.compare(existing, row, mark, self._mapped)
            (changes if change else idle).append(change)
        return changes, idle

    def _cells(self, row: Row) -> list[str]:
        """The customer number alone: all that may still be shown of someone erased."""
        at = self.facts.headers.index(self.use.columns["ref"])
        return [row.ref if index == at else "" for index in range(len(self.facts.headers))]

    def _keep_rejections(self, rejected: Iterable[Rejected]) -> None:
        ImportRejection.objects.bulk_create(
            ImportRejection(
                batch_id=self.batch.pk,
                line=row.line,
                column=row.problems[0].column[:120],
                code=row.problems[0].code,
                problems=as_json(row),
                row_sealed=sealing.seal_text(
                    self._key, json.dumps(row.cells, ensure_ascii=False), context="import.row"
                ),
            )
            for row in rejected
        )


def _fail(batch: ImportBatch, error: BaseException, actor: Actor, now: dt.datetime) -> None:
    """Say in the batch that it stopped; what it counted so far is committed and stays. When the
    database is gone, the next import will say so instead."""
    if not connection.is_usable():
        connection.close()
    with contextlib.suppress(DatabaseError), transaction.atomic():
        batch.state, batch.error = ImportBatch.State.FAILED, type(error).__name__
        batch.finished_at = now
        batch.save(update_fields=["state", "error", "finished_at"])
        record(
            action="import.failed",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={"error": type(error).__name__, "totals": dict(batch.totals)},
        )


def _finish(run: _Run, actor: Actor, now: dt.datetime) -> ImportResult:
    batch, totals = run.batch, asdict(run.totals)
    with transaction.atomic():
        batch.state = ImportBatch.State.CHECKED if batch.dry_run else ImportBatch.State.DONE
        batch.finished_at = now
        batch.save(update_fields=["state", "finished_at"])
        record(
            action="import.checked" if batch.dry_run else "import.finished",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={"by_reason": dict(run.reasons), "totals": totals},
        )
    return ImportResult(
        batch_id=batch.pk,
        dry_run=batch.dry_run,
        encoding=batch.encoding,
        by_reason=dict(run.reasons),
        columns=dict(run.use.columns),
        **totals,
    )
