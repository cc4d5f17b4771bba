"""Files that people upload: kept until they are imported or thrown away, and run by a worker.

An upload holds personal data in the clear, so it lies in a private directory (`IMPORT_DIR`, shared
by web and workers), readable by the service alone, and is removed when its import is done.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line
from core.actor import Actor
from core.clock import uuid7
from core.errors import Conflict, Forbidden, InvalidInput, VouchsafeError
from core.models import User
from core.roles import Capability
from core.selectors import actor_for_user
from investors import selectors
from investors.importing import columns, reading
from investors.importing.reading import FileFacts
from investors.importing.service import ImportResult, import_file
from investors.models import ImportBatch
from investors.rules.imports import IMPORTS

MAX_BYTES = 512 << 20
KEPT = dt.timedelta(days=7)  # an upload that nobody imports
State = ImportBatch.State


class Upload(Protocol):
    """What a web framework hands over."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


def store_upload(*, upload: Upload, line_id: UUID, actor: Actor, now: dt.datetime) -> UUID:
    """Keep a file for importing into `line_id`; returns the batch.

    The file is looked into at once: raises InvalidInput when it is no CSV or XLSX, has no usable
    header, or is larger than MAX_BYTES. Uploads that nobody imported within KEPT are removed.
    """
    require(actor, Capability.INVESTORS_IMPORT)
    require_line(actor, line_id)
    _remove_old(now)
    batch_id = uuid7()
    path = path_of(batch_id)
    try:
        _write(path, upload.chunks())
        facts = reading.sniff(path)
        with transaction.atomic():
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
    path = path_of(batch.pk)
    if not batch.stored or not path.exists():
        return None
    return reading.sniff(
        path,
        encoding=str(batch.mapping.get("encoding") or ""),
        delimiter=str(batch.mapping.get("delimiter") or ""),
    )


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
        result = import_file(
            path=path_of(batch_id),
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
        record(
            action="import.discarded",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"import:{batch.pk}"),
        )
        transaction.on_commit(lambda: path_of(batch_id).unlink(missing_ok=True))


def record_error_download(*, batch_id: UUID, actor: Actor, now: dt.datetime) -> ImportBatch:
    """The batch whose rejected rows are about to be downloaded; the download is recorded. The
    rows are personal data in the clear, so a fresh second factor is asked for (P1)."""
    from core.access import require_step_up

    require_step_up(actor, now)
    with transaction.atomic():
        batch = selectors.import_for(actor, batch_id)
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


def _locked(batch_id: UUID, actor: Actor) -> ImportBatch:
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


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        for chunk in chunks:
            written += len(chunk)
            if written > MAX_BYTES:
                raise InvalidInput(
                    _("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES >> 20},
                    code="file_too_large",
                    field="file",
                )
            out.write(chunk)


def _remove_old(now: dt.datetime) -> None:
    waiting = ImportBatch.objects.filter(
        state__in=[State.UPLOADED, State.CHECKED, State.FAILED],
        created_at__lt=now - KEPT,
    ).exclude(stored="")
    for batch in waiting:
        path_of(batch.pk).unlink(missing_ok=True)
    waiting.update(stored="")
