"""Photos and files of a timeline: typed by content, named by hash, sealed under the key of their
incident in a private directory (`INCIDENT_DIR`)."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit import sealing
from core.clock import uuid7
from core.errors import InvalidInput
from core.sealedfile import SealedPath, write_sealed
from crisis.incidents.models import Attachment
from crisis.incidents.rules import MAX_FILE

# Beginnings of files, with the type that they show; (offset, bytes).
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
)
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


class Upload(Protocol):
    """What a web framework hands over."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was read and may be kept."""

    name: str
    content_type: str
    data: bytes
    sha256: str


def read(upload: Upload) -> Content:
    """The upload, looked into. Raises InvalidInput `file` when it is empty, larger than MAX_FILE,
    or of no type that a log needs."""
    data = bytearray()
    for chunk in upload.chunks():
        data += chunk
        if len(data) > MAX_FILE:
            raise InvalidInput(
                _("A file may have at most %(limit)s MB.") % {"limit": MAX_FILE >> 20},
                code="file_too_large",
                field="file",
            )
    if not data:
        raise InvalidInput(_("This file is empty."), code="file_empty", field="file")
    content_type = type_of(bytes(data))
    if content_type is None:
        raise InvalidInput(
            _("Attach a photo, a PDF, a text, an office document or an archive."),
            code="file_type",
            field="file",
        )
    return Content(
        name=clean_name(upload.name or ""),
        content_type=content_type,
        data=bytes(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def type_of(data: bytes) -> str | None:
    """The media type that the bytes themselves show; None when they show none that is known."""
    for offset, magic, name in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            if name == "application/zip":
                return next((kind for mark, kind in _OFFICE.items() if mark in data), name)
            return name
    if b"\0" in data:
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return "text/plain"


def clean_name(name: str) -> str:
    """A file name without directories, control characters or marks that turn the text around."""
    base = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(char for char in base if unicodedata.category(char)[0] != "C")
    return kept.strip(". ")[:200] or "file"


def path_of(incident_id: UUID, sha256: str) -> Path:
    """Where a file lies."""
    return Path(settings.INCIDENT_DIR) / str(incident_id) / sha256


def store(incident_id: UUID, content: Content, *, now: dt.datetime) -> None:
    """Keep a file, once per incident and content. What a rolled-back transaction leaves behind is
    sealed, and is taken again when the same file comes again."""
    key = sealing.key_for(incident_id, now=now)
    path = path_of(incident_id, content.sha256)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{uuid7().hex}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        write_sealed(out, key, [content.data])
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def sealed(attachment: Attachment) -> SealedPath:
    """The file of an attachment, to be read; raises audit.sealing.KeyDestroyed once it is
    erased."""
    incident_id = attachment.entry.incident_id
    return SealedPath(path_of(incident_id, attachment.sha256), sealing.key_of(incident_id))
