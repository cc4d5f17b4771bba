"""Where the files of exports lie, and their ZIP archives."""

from __future__ import annotations

import hashlib
import logging
import shutil
import zipfile
from pathlib import Path
from uuid import UUID

from django.conf import settings

from audit.models import Export
from core.actor import system

logger = logging.getLogger(__name__)
EXPORTER = system("exporter")


def bag_of(export_id: UUID) -> Path:
    """The folder of an export's bag."""
    return Path(settings.EXPORT_DIR) / str(export_id)


def archive_of(export_id: UUID) -> Path:
    """The ZIP file of an export's bag."""
    return Path(settings.EXPORT_DIR) / f"{export_id}.zip"


def archive_beside(export: Export) -> Path:
    """The ZIP file of a ready export, beside its bag, wherever EXPORT_DIR was when it was made."""
    return Path(f"{export.path}.zip")


def unfinished_of(export_id: UUID) -> Path:
    """The folder in which a bag is being made; a killed worker's is gone on with."""
    return Path(settings.EXPORT_DIR) / f".{export_id}.unfinished"


def name_of(export_id: UUID) -> str:
    """The folder inside the ZIP file, and the name of the download."""
    return f"vouchsafe-export-{export_id}"


def pack(export_id: UUID, bag: Path) -> str:
    """Write the ZIP file of `bag`; returns its SHA-256. Appears under its name only when whole."""
    unfinished = archive_of(export_id).with_suffix(".zip.unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(bag.rglob("*")):
            if path.is_file():
                name = Path(name_of(export_id)) / path.relative_to(bag)
                archive.write(path, name.as_posix())
    digest = sha256_of(unfinished)
    unfinished.replace(archive_of(export_id))
    return digest


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def take_back(export_id: UUID) -> None:
    """Make a bag unfinished again that has its name, but whose worker died before it said so."""
    if not unfinished_of(export_id).exists() and bag_of(export_id).exists():
        bag_of(export_id).replace(unfinished_of(export_id))


def clear_unfinished(export_id: UUID) -> None:
    """Delete what a build left that did not end."""
    shutil.rmtree(unfinished_of(export_id), ignore_errors=True)
    archive_of(export_id).with_suffix(".zip.unfinished").unlink(missing_ok=True)


def clear(export: Export) -> None:
    """Delete the files of an export that ended, and forget their place."""
    try:
        clear_unfinished(export.pk)
        if export.path:
            archive_beside(export).unlink(missing_ok=True)
        if export.path and Path(export.path).exists():
            shutil.rmtree(export.path)
    except OSError:
        logger.exception("the files of export %s could not be deleted", export.pk)
        return
    Export.objects.filter(pk=export.pk).update(path="")
    export.path = ""
