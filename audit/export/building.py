"""Building an approved export: streaming, in bounded memory.

Step by step: bring the log up to date and fix its checkpoint and the counts; stream the records in
scope in log order, each hashed again and compared with its leaf, and keep them in parts; write
what proves them; check the bag with its own verifier; pack it; rename both into place; mark the
export ready. A killed worker leaves an export in `building`, its `ExportBuild`, and an unfinished
folder. Its lock, the lease on the work, is gone with its connection, so `build_waiting` goes on
after the last whole part, with the same checkpoint.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from audit.export import files, rules, writing
from audit.export.models import ExportBuild
from audit.export.requests import note
from audit.export.rules import EXPORTS, ExportState, Stage
from audit.export.selectors import no_such_export
from audit.export.writing import Made
from audit.models import Export
from core.errors import VouchsafeError

logger = logging.getLogger(__name__)
_LOCK = 0x76_6F_75_63  # the advisory locks of exports, apart from other ones
_PATIENCE = dt.timedelta(seconds=30)  # an export older than this without a builder is taken up

Progress = Callable[[int, int], None]


def build_export(*, export_id: UUID, now: dt.datetime, progress: Progress | None = None) -> Export:
    """Build an approved export into EXPORT_DIR and mark it ready.

    Waits if another process builds it, and returns its result. A failure is stored, recorded
    and raised. `progress` gets (records written, records in all). Raises IllegalTransition for
    an export that nobody approved.
    """
    with _building_alone(export_id, wait=True):
        export = Export.objects.filter(pk=export_id).first()
        if export is None:
            raise no_such_export()
        return export if export.state == ExportState.READY else _build(export, now, progress)


def build_waiting(*, now: dt.datetime) -> int:
    """Build approved exports that nobody is building (a message or a worker was lost)."""
    built = 0
    waiting = Export.objects.filter(
        Q(state=ExportState.APPROVED, decided_at__lt=now - _PATIENCE)
        | Q(state=ExportState.BUILDING)
    ).order_by("id")
    for export_id in waiting.values_list("pk", flat=True):
        with _building_alone(export_id, wait=False) as alone:
            export = Export.objects.get(pk=export_id)
            if not alone or export.state not in rules.UNDER_WAY:
                continue
            try:
                _build(export, now, None)
            except VouchsafeError:
                logger.warning("export %s failed: %s", export_id, export.error)
            else:
                built += 1
    return built


def _build(export: Export, now: dt.datetime, progress: Progress | None) -> Export:
    begun = time.monotonic()

    def later() -> dt.datetime:
        return now + dt.timedelta(seconds=time.monotonic() - begun)

    unfinished = files.unfinished_of(export.pk)
    files.take_back(export.pk)
    build = _go_on(export, now)
    if build is None:
        _begin(export, now)
    try:
        if build is None:
            build = writing.begin(export, now=now)
        made = writing.write_bag(export, build, unfinished, progress=progress)
        writing.reach(build, Stage.PACKING)
        archive = files.pack(export.pk, unfinished)
        bag = unfinished.replace(files.bag_of(export.pk))
    except Exception as error:
        files.clear_unfinished(export.pk)
        _fail(export, error, now=later())
        raise
    return _finish(export, bag, made, archive, now=later())


def _begin(export: Export, now: dt.datetime) -> None:
    """Start from nothing."""
    if export.state != ExportState.BUILDING:
        EXPORTS.check(old=export.state, new=ExportState.BUILDING)
    files.clear_unfinished(export.pk)
    with transaction.atomic():
        export.state, export.started_at = ExportState.BUILDING.value, now
        export.records = export.total = 0
        export.save(update_fields=["state", "started_at", "records", "total"])
        note(export, "export.started", actor=files.EXPORTER, now=now)


def _go_on(export: Export, now: dt.datetime) -> ExportBuild | None:
    """The work that another worker began and left, now this one's; None when there is none."""
    build = ExportBuild.objects.filter(pk=export.pk).first()
    if build is None or export.state != ExportState.BUILDING:
        return None
    part = build.parts.order_by("number").last()
    with transaction.atomic():
        build.taken_at = build.beat_at = now
        build.taken_records = part.records if part else 0
        build.stage = Stage.WRITING.value
        build.save(update_fields=["taken_at", "beat_at", "taken_records", "stage"])
        Export.objects.filter(pk=export.pk).update(records=build.taken_records)
        payload = {"parts": part.number if part else 0, "records": build.taken_records}
        note(export, "export.resumed", actor=files.EXPORTER, now=now, payload=payload)
    return build


def _finish(export: Export, bag: Path, made: Made, archive: str, *, now: dt.datetime) -> Export:
    with transaction.atomic():
        export.state, export.path, export.error = ExportState.READY.value, str(bag), ""
        export.finished_at = now
        export.expires_at = rules.expiry(now, settings.EXPORT_DAYS)
        export.records = export.total = made.records
        export.missing, export.checkpoint = made.missing, made.size
        export.manifest, export.archive = made.manifest, archive
        export.save()
        ExportBuild.objects.filter(pk=export.pk).delete()
        note(
            export,
            "export.built",
            actor=files.EXPORTER,
            now=now,
            payload={
                "records": made.records,
                "missing": made.missing,
                "checkpoint": made.size,
                "manifest_sha256": made.manifest,
                "archive_sha256": archive,
                "watermark": export.watermark,
            },
        )
    return export


def _fail(export: Export, error: Exception, *, now: dt.datetime) -> None:
    """Keep why it failed; an unforeseen error by its kind only, for it may hold anything."""
    foreseen = isinstance(error, VouchsafeError)
    code = error.code if isinstance(error, VouchsafeError) else type(error).__name__
    with transaction.atomic():
        export.state, export.finished_at = ExportState.FAILED.value, now
        export.error = str(error) if foreseen else type(error).__name__
        export.save()
        ExportBuild.objects.filter(pk=export.pk).delete()
        note(export, "export.failed", actor=files.EXPORTER, now=now, payload={"error": code})


@contextmanager
def _building_alone(export_id: UUID, *, wait: bool) -> Iterator[bool]:
    """Hold this export's advisory lock; yields False when it is taken and we do not wait."""
    number = int.from_bytes(export_id.bytes[-4:], "big", signed=True)
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT true FROM pg_advisory_lock(%s, %s)", [_LOCK, number])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, number])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, number])
