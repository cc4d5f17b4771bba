"""Asking for a regulator export, and building it: streaming, in bounded memory.

Building, step by step: bring the log up to date; take one snapshot of the database; stream the
records in scope in log order, each hashed again and compared with its leaf; fetch proofs in
batches from the tiles; check the bag with its own verifier; rename it into place; mark it ready.
A crash leaves an unfinished export, which `build_waiting` takes up again.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit import services
from audit.export.writing import Made, write_bag
from audit.leaf import Subjects
from audit.models import Export, ExportState, Record
from audit.record import record
from core.access import require, require_step_up
from core.actor import Actor, system
from core.clock import isoformat
from core.errors import InvalidInput, NotFound, VouchsafeError
from core.roles import Capability

logger = logging.getLogger(__name__)
EXPORTER = system("exporter")
_LOCK = 0x76_6F_75_63  # the advisory locks of exports, apart from other ones
_PATIENCE = dt.timedelta(seconds=30)  # an export older than this without a builder is taken up

Progress = Callable[[int, int], None]
Period = tuple[dt.datetime, dt.datetime]


def create_export(
    *,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    notice_id: UUID | None = None,
    period: Period | None = None,
    recipient: str = "",
) -> Export:
    """Ask for an export of one notice, or of a period [from, to); `build_export` makes it.

    Needs EXPORTS_CREATE and a step-up; recorded. Raises InvalidInput naming the field.
    """
    if not actor.is_system:
        require(actor, Capability.EXPORTS_CREATE)
        require_step_up(actor, now)
    _check_request(notice_id, period, reason)
    with transaction.atomic():
        export = Export.objects.create(
            notice=notice_id,
            period_from=period[0] if period else None,
            period_to=period[1] if period else None,
            reason=reason.strip(),
            recipient=recipient.strip(),
            requested_by=actor.user_id,
            requested_at=now,
        )
        typed = f"{export.recipient}\n{export.reason}"
        record(
            action="export.requested",
            actor=actor,
            now=now,
            subjects=_subjects(export, staff=actor.user_id),
            payload={"period": [isoformat(at) for at in period] if period else None},
            sealed=services.sealed_by_reader(typed, actor=actor, now=now),
        )
    return export


def request_export(
    *,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    notice_id: UUID | None = None,
    period: Period | None = None,
    recipient: str = "",
) -> Export:
    """`create_export`, and have a worker build it."""
    with transaction.atomic():
        export = create_export(
            reason=reason,
            actor=actor,
            now=now,
            notice_id=notice_id,
            period=period,
            recipient=recipient,
        )
        from audit import tasks

        transaction.on_commit(lambda: tasks.build_export.delay(str(export.pk)))
    return export


def _check_request(notice_id: UUID | None, period: Period | None, reason: str) -> None:
    if (notice_id is None) == (period is None):
        raise InvalidInput(_("Name either a notice or a period."), field="notice")
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    if period is not None and period[0] >= period[1]:
        raise InvalidInput(_("The period must end after it begins."), field="period_to")
    if notice_id is not None and not Record.objects.filter(notice=notice_id).exists():
        raise InvalidInput(_("The ledger has no record about this notice."), field="notice")


# --- building -------------------------------------------------------------------------------


def build_export(
    *,
    export_id: UUID,
    now: dt.datetime,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Export:
    """Build the bag (into `out`, else EXPORT_DIR/<id>) and mark the export ready.

    Waits if another process builds the same export, and returns its result. A failure is
    stored, recorded and raised. `progress` gets (records written, records in all).
    """
    with _building_alone(export_id, wait=True):
        export = _export(export_id)
        if export.state == ExportState.READY and out is None:
            return export
        return _build(export, out or Path(settings.EXPORT_DIR) / str(export_id), now, progress)


def build_waiting(*, now: dt.datetime) -> int:
    """Build requested exports that nobody is building (a message or a worker was lost)."""
    built = 0
    unfinished = Export.objects.filter(
        Q(state=ExportState.REQUESTED, requested_at__lt=now - _PATIENCE)
        | Q(state=ExportState.BUILDING)
    ).order_by("id")
    for export_id in unfinished.values_list("pk", flat=True):
        with _building_alone(export_id, wait=False) as alone:
            export = _export(export_id)
            if not alone or export.state not in {ExportState.REQUESTED, ExportState.BUILDING}:
                continue
            try:
                _build(export, Path(settings.EXPORT_DIR) / str(export_id), now, None)
            except VouchsafeError:
                logger.warning("export %s failed: %s", export_id, export.error)
            else:
                built += 1
    return built


def _export(export_id: UUID) -> Export:
    export = Export.objects.filter(pk=export_id).first()
    if export is None:
        raise NotFound(_("There is no such export."))
    return export


def _build(export: Export, target: Path, now: dt.datetime, progress: Progress | None) -> Export:
    _require_free(target)
    started = time.monotonic()
    Export.objects.filter(pk=export.pk).update(state=ExportState.BUILDING, records=0, error="")
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        made = write_bag(export, unfinished, now=now, progress=progress)
        _put_in_place(unfinished, target)
    except Exception as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        _fail(export, error, now=now + dt.timedelta(seconds=time.monotonic() - started))
        raise
    finished = now + dt.timedelta(seconds=time.monotonic() - started)
    return _finish(export, target, made, now=finished)


def _require_free(target: Path) -> None:
    """Refuse to overwrite anything but our own unfinished or repeated work."""
    ours = target.parent == Path(settings.EXPORT_DIR)
    if not ours and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(
            _("%(path)s exists and is not an empty folder.") % {"path": target}, field="out"
        )


def _put_in_place(unfinished: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    unfinished.replace(target)


def _finish(export: Export, target: Path, made: Made, *, now: dt.datetime) -> Export:
    with transaction.atomic():
        export.state, export.path, export.error = ExportState.READY, str(target), ""
        export.finished_at = now
        export.records = export.total = made.records
        export.missing, export.checkpoint = made.missing, made.size
        export.save()
        record(
            action="export.built",
            actor=EXPORTER,
            now=now,
            subjects=_subjects(export),
            payload={
                "records": made.records,
                "missing": made.missing,
                "checkpoint": made.size,
                "manifest_sha256": made.manifest,
            },
        )
    return export


def _fail(export: Export, error: Exception, *, now: dt.datetime) -> None:
    """Keep why it failed; an unforeseen error by its kind only, for it may hold anything."""
    foreseen = isinstance(error, VouchsafeError)
    with transaction.atomic():
        export.state, export.finished_at = ExportState.FAILED, now
        export.error = str(error) if foreseen else type(error).__name__
        export.save()
        code = error.code if isinstance(error, VouchsafeError) else type(error).__name__
        record(
            action="export.failed",
            actor=EXPORTER,
            now=now,
            subjects=_subjects(export),
            payload={"error": code},
        )


def _subjects(export: Export, staff: UUID | None = None) -> Subjects:
    return Subjects(notice=export.notice, staff=staff, object=f"export:{export.pk}")


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


# --- handing out ----------------------------------------------------------------------------


def archive_of(export: Export) -> Path:
    """The bag as one ZIP file beside the others in EXPORT_DIR, made at the first download.

    Raises NotFound when the bag has been moved away.
    """
    bag = Path(export.path)
    target = Path(settings.EXPORT_DIR) / f"{export.pk}.zip"
    if target.exists():
        return target
    if not bag.is_dir():
        raise NotFound(_("The files of this export are no longer here."))
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(bag.rglob("*")):
            if path.is_file():
                name = Path(f"vouchsafe-export-{export.pk}") / path.relative_to(bag)
                archive.write(path, name.as_posix())
    return unfinished.replace(target)
