"""Handing out the files of an export: each time is a record."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.export import files
from audit.export.requests import note
from audit.export.rules import ExportState
from audit.export.selectors import export_for
from audit.models import Export
from core.access import require, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability


def download_export(*, export_id: UUID, actor: Actor, now: dt.datetime) -> Export:
    """A ready export whose ZIP file (`files.archive_beside`) may be handed to `actor`.

    Needs EXPORTS_DOWNLOAD, sight of this export, and a step-up. The record
    (`export.downloaded`) names the SHA-256 of the file, which is hashed again now: Conflict when
    the file is not the one that was made.
    """
    require(actor, Capability.EXPORTS_DOWNLOAD)
    export = export_for(export_id, actor)
    require_step_up(actor, now)
    if export.state in {ExportState.EXPIRED, ExportState.WITHDRAWN}:
        raise Conflict(_("The files of this export were deleted."), code="export_ended")
    if export.state != ExportState.READY:
        raise Conflict(_("This export is not ready."), code="export_not_ready")
    archive = files.archive_beside(export)
    if not archive.is_file():
        raise NotFound(_("The files of this export are no longer here."))
    if files.sha256_of(archive) != export.archive:
        raise Conflict(
            _("The file is not the one that was made; it is not handed out. Ask for a new export."),
            code="archive_altered",
        )
    with transaction.atomic():
        note(
            export,
            "export.downloaded",
            actor=actor,
            now=now,
            payload={
                "archive_sha256": export.archive,
                "manifest_sha256": export.manifest,
                "watermark": export.watermark,
            },
        )
    return export


def copy_bag(*, export_id: UUID, target: Path, actor: Actor, now: dt.datetime) -> Export:
    """Hand the unpacked bag out into the folder `target` (new or empty): a download like any."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(
            _("%(path)s exists and is not an empty folder.") % {"path": target}, field="out"
        )
    export = download_export(export_id=export_id, actor=actor, now=now)
    shutil.copytree(export.path, target, dirs_exist_ok=True)
    return export
