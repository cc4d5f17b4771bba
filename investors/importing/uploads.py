"""Files that people upload: kept until they are imported or thrown away, and run by a worker.

An upload is personal data, so it lies sealed under the batch's own data key in a private directory
(`IMPORT_DIR`, shared by web and workers), and is removed when its import is done. Rejected rows lie
under the same key; when they are too old, the key is destroyed and they go.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core import crypto
from core.access import require, require_line
from core.actor import Actor, system
from core.clock import uuid7
from core.errors import Conflict, Forbidden, InvalidInput, VouchsafeError
from core.models import User
from core.roles import Capability
from core.sealedfile import SealedPath, write_sealed
from core.selectors import actor_for_user
from investors import selectors
from investors.importing import columns, reading
from investors.importing.reading import FileFacts
from investors.importing.service import ImportResult, import_file
from investors.models import ImportBatch
from investors.rules.imports import IMPORTS

MAX_BYTES = 512 << 20
State = ImportBatch.State


class Upload(Protocol):
    """What a web framework hands over."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


def store_upload(*, upload: Upload, line_id: UUID, actor: Actor, now: dt.datetime) -> UUID:
    """Keep a file for importing into `line_id`; returns the batch.

    The file is looked into at once: raises InvalidInput when it is no CSV or XLSX, has no usable
    header, or is larger than MAX_BYTES.
    """
    require(actor, Capability.INVESTORS_IMPORT)
    require_line(actor, line_id)
    batch_id, key = uuid7(), crypto.new_key()
    path = path_of(batch_id)
    try:
        _write(path, key, upload.chunks())
        facts = reading.sniff(SealedPath(path, key))
        with transaction.atomic():
            sealing.store_keys({batch_id: key}, now=now)
            ImportBatch.objects.create(
                id=batch_id,
                file_name=Path(upload.name or "").name[:255] or "upload",
                stored=path.name,
                size=facts.size,
                encoding=facts.encoding,
                mapping={"columns": columns.guess(facts.headers), "headers": facts.headers},
                business_line_id=line_id,
                rows_expected=facts.rows,
                created_by=actor.user_id,
                created_at=now,
            )
            record(
                action="import.uploaded",
                actor=actor,
                now=now,
                subjects=Subjects(object=f"import:{batch_id}"),
                payload={"encoding": facts.encoding, "size": facts.size},
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return batch_id


def facts_of(batch: ImportBatch) -> FileFacts | None:
    """Header and first rows of an upload, as its mapping says to read it; None once it is gone."""
    source = source_of(batch)
    if source is None:
        return None
    return reading.sniff(
        source,
        encoding=str(batch.mapping.get("encoding") or ""),
        delimiter=str(batch.mapping.get("delimiter") or ""),
    )


def show_sample(*, batch_id: UUID, actor: Actor, now: dt.datetime) -> FileFacts | None:
    """Header and first rows of an upload for whoever maps its columns: people's data in the
    clear, so the look is recorded (`import.sample_shown`). None once the file is gone."""
    batch = selectors.import_for(actor, batch_id)
    facts = facts_of(batch)
    if facts is not None:
        with transaction.atomic():
            record(
                action="import.sample_shown",
                actor=actor,
                now=now,
                subjects=Subjects(object=f"import:{batch_id}", staff=actor.user_id),
                payload={"rows": len(facts.sample)},
            )
    return facts


def request_run(
    *,
    batch_id: UUID,
    dry_run: bool,
    actor: Actor,
    now: dt.datetime,
    mapping: dict[str, Any] | None = None,
) -> None:
    """Have a worker run the import, or its dry run, under `mapping` (default: that of last time).

    Raises InvalidInput for a mapping that does not fit the file, and Conflict when the upload is
    gone or is being imported.
    """
    from investors.tasks import run_import

    with transaction.atomic():
        batch = _locked(batch_id, actor)
        IMPORTS.check(old=batch.state, new=State.QUEUED)
        if mapping is not None:
            columns.parse(mapping)
            batch.mapping = mapping
        facts = facts_of(batch)
        if facts is None:
            raise Conflict(_("The file is no longer here; upload it again."), code="upload_gone")
        use = columns.resolve(facts.headers, mapping_of(batch))
        batch.mapping = {**use.to_json(), "headers": facts.headers}
        batch.state, batch.dry_run, batch.error = State.QUEUED, dry_run, ""
        batch.created_by = actor.user_id
        batch.totals, batch.rows_expected = {}, facts.rows
        batch.save()
        record(
            action="import.requested",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={"dry_run": dry_run},
        )
        transaction.on_commit(lambda: run_import.delay(str(batch_id)))


def run_requested(*, batch_id: UUID, now: dt.datetime) -> ImportResult | None:
    """Run a queued import in the name of the person who asked for it; a worker's call.

    None when there is nothing (more) to do: a message that came twice. Raises Conflict (code
    `import_running`) while another import runs; any other refusal is kept in the batch.
    """
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None or batch.state not in (State.QUEUED, State.RUNNING):
        return None
    try:
        source = source_of(batch)
        if source is None:
            raise Conflict(_("The file is no longer here; upload it again."), code="upload_gone")
        result = import_file(
            path=source,
            line_id=batch.business_line_id,  # type: ignore[arg-type]
            actor=_requester(batch),
            now=now,
            mapping=mapping_of(batch),
            dry_run=batch.dry_run,
            batch_id=batch_id,
        )
    except VouchsafeError as error:
        if error.code == "import_running":
            raise
        ImportBatch.objects.filter(pk=batch_id, state=State.QUEUED).update(
            state=State.FAILED, error=str(error)
        )
        return None
    if not result.dry_run:
        path_of(batch_id).unlink(missing_ok=True)
    return result


def mapping_of(batch: ImportBatch) -> dict[str, Any]:
    """The mapping of a batch as `columns.resolve` reads it."""
    return {name: value for name, value in batch.mapping.items() if name != "headers"}


def discard_upload(*, batch_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Throw an upload away that was not imported; its batch stays, as discarded."""
    with transaction.atomic():
        batch = _locked(batch_id, actor)
        IMPORTS.check(old=batch.state, new=State.DISCARDED)
        batch.state, batch.stored, batch.finished_at = State.DISCARDED, "", now
        batch.save(update_fields=["state", "stored", "finished_at"])
        rows = _forget_rows(batch, now)
        record(
            action="import.discarded",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={"rejected_rows": rows},
        )
        transaction.on_commit(lambda: path_of(batch_id).unlink(missing_ok=True))


def sweep_uploads(*, now: dt.datetime) -> tuple[int, int]:
    """Discard uploads that nobody imported within `IMPORT_KEPT_DAYS`, and forget the rejected
    rows of imports that ended `IMPORT_REJECTIONS_DAYS` ago; returns how many of each. A schedule's
    call; files without a batch, left by a crash, go too."""
    actor = system("import-sweep")
    old = now - dt.timedelta(days=settings.IMPORT_KEPT_DAYS)
    waiting = ImportBatch.objects.filter(
        state__in=[State.UPLOADED, State.CHECKED, State.FAILED], created_at__lt=old
    ).exclude(stored="")
    discarded = list(waiting.values_list("pk", flat=True))
    for batch_id in discarded:
        discard_upload(batch_id=batch_id, actor=actor, now=now)
    ended = now - dt.timedelta(days=settings.IMPORT_REJECTIONS_DAYS)
    done = ImportBatch.objects.filter(
        state=State.DONE, finished_at__lt=ended, rejections__isnull=False
    ).distinct()
    forgotten = [_forget_rejections(batch, actor, now) for batch in done]
    _remove_strays(old)
    return len(discarded), len(forgotten)


def _forget_rejections(batch: ImportBatch, actor: Actor, now: dt.datetime) -> int:
    with transaction.atomic():
        rows = _forget_rows(batch, now)
        record(
            action="import.rejections_forgotten",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
            payload={"rejected_rows": rows},
        )
    return rows


def _forget_rows(batch: ImportBatch, now: dt.datetime) -> int:
    """Remove the rejected rows and destroy the key that they and the upload lie under."""
    rows, _kinds = batch.rejections.all().delete()
    with contextlib.suppress(sealing.KeyDestroyed):
        sealing.destroy_key(batch.pk, now=now)
    return rows


def _remove_strays(older_than: dt.datetime) -> None:
    directory = Path(settings.IMPORT_DIR)
    kept = {str(pk) for pk in ImportBatch.objects.exclude(stored="").values_list("pk", flat=True)}
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.name not in kept and path.stat().st_mtime < older_than.timestamp():
            path.unlink(missing_ok=True)


def record_error_download(*, batch_id: UUID, actor: Actor, now: dt.datetime) -> ImportBatch:
    """The batch whose rejected rows are about to be downloaded; the download is recorded. The
    rows are personal data in the clear, so a fresh second factor is asked for (P1)."""
    from core.access import require_step_up

    require_step_up(actor, now)
    with transaction.atomic():
        batch = selectors.import_for(actor, batch_id)
        if not sealing.keys_of([batch_id]):
            raise Conflict(_("The rejected rows were removed; they are kept for a while only."))
        record(
            action="import.errors_downloaded",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}", staff=actor.user_id),
            payload={"rows": int(batch.totals.get("rejected", 0))},
        )
    return batch


def path_of(batch_id: UUID) -> Path:
    """Where the upload of a batch lies."""
    return Path(settings.IMPORT_DIR) / str(batch_id)


def source_of(batch: ImportBatch) -> SealedPath | None:
    """The upload of a batch, to be read; None once it or its key is gone."""
    path, key = path_of(batch.pk), sealing.keys_of([batch.pk]).get(batch.pk)
    if not batch.stored or key is None or not path.exists():
        return None
    return SealedPath(path, key)


def _locked(batch_id: UUID, actor: Actor) -> ImportBatch:
    if not actor.is_system:
        selectors.import_for(actor, batch_id)
    return ImportBatch.objects.select_for_update().get(pk=batch_id)


def _requester(batch: ImportBatch) -> Actor:
    user = (
        User.objects.filter(is_active=True, pk=batch.created_by).first()
        if (batch.created_by)
        else None
    )
    if user is None:
        raise Forbidden(_("The person who asked for this import may no longer sign in."))
    return actor_for_user(user)


def _write(path: Path, key: bytes, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        write_sealed(out, key, _bounded(chunks))


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    written = 0
    for chunk in chunks:
        written += len(chunk)
        if written > MAX_BYTES:
            raise InvalidInput(
                _("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES >> 20},
                code="file_too_large",
                field="file",
            )
        yield chunk
