"""One line of the timeline, as somebody types it, with photos and files (C8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.sealing import KeyDestroyed
from core.access import require
from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.roles import Capability
from core.sealedfile import SealedPath
from crisis.incidents import files
from crisis.incidents.models import Attachment, Entry, Incident
from crisis.incidents.rules import MAX_ENTRY, MAX_FILES, EntryKind
from crisis.incidents.services.common import locked, write_record
from crisis.incidents.timeline import add_entry, entry_proof


@transaction.atomic
def log(
    *,
    incident_id: UUID,
    text: str = "",
    at: dt.datetime | None = None,
    written_at: dt.datetime | None = None,
    client_id: UUID | None = None,
    uploads: Sequence[files.Upload] = (),
    actor: Actor,
    now: dt.datetime,
) -> Entry:
    """Write one line. `client_id` names it on the device that wrote it: sent twice, it is kept
    once. `written_at` is the device's time of a line typed without a network; without `at` it
    tells of then. A closed incident still takes lines, which say when they were written.

    Raises Forbidden, NotFound, InvalidInput `text`, `at` or `file`.
    """
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    if client_id and (sent := incident.entries.filter(client_id=client_id).first()):
        return sent
    text = text.strip()
    if len(text) > MAX_ENTRY or not (text or uploads):
        raise InvalidInput(
            _("Write 1 to %(limit)s characters.") % {"limit": MAX_ENTRY}, field="text"
        )
    if len(uploads) > MAX_FILES:
        raise InvalidInput(
            _("Attach at most %(limit)s files to a line.") % {"limit": MAX_FILES}, field="file"
        )
    contents = {content.sha256: content for content in map(files.read, uploads)}
    if at is None and written_at is not None:
        at = min(written_at, now)  # the clock of a device may be ahead
    entry = add_entry(
        incident, EntryKind.NOTE, text, actor=actor, now=now, at=at, written_at=written_at,
        client_id=client_id,
    )  # fmt: skip
    _keep(entry, list(contents.values()), now=now)
    write_record(
        "logged", incident, actor=actor, now=now, occurred_at=entry.at,
        payload={**entry_proof(entry), "files": [_facts(content) for content in contents.values()]},
    )  # fmt: skip
    return entry


def _keep(entry: Entry, contents: list[files.Content], *, now: dt.datetime) -> None:
    for content in contents:
        files.store(entry.incident_id, content, now=now)
    Attachment.objects.bulk_create(
        Attachment(
            entry=entry,
            name=content.name,
            content_type=content.content_type,
            size=len(content.data),
            sha256=content.sha256,
        )
        for content in contents
    )


def _facts(content: files.Content) -> dict[str, str | int]:
    """A file for the ledger; its name may be personal and stays out."""
    return {"sha256": content.sha256, "type": content.content_type, "size": len(content.data)}


@transaction.atomic
def download(
    *, attachment_id: UUID, actor: Actor, now: dt.datetime
) -> tuple[Attachment, SealedPath]:
    """Hand a file out. Recorded.

    Raises Forbidden, NotFound (also when the file was erased).
    """
    require(actor, Capability.CRISIS_VIEW)
    attachment = (
        Attachment.objects.select_related("entry__incident").filter(pk=attachment_id).first()
    )
    if attachment is None:
        raise NotFound(_("There is no such file."))
    try:
        sealed = files.sealed(attachment)
    except KeyDestroyed:
        raise NotFound(_("This file was erased."), code="erased") from None
    write_record(
        "file_downloaded", attachment.entry.incident, actor=actor, now=now, staff=actor.user_id,
        payload={"sha256": attachment.sha256, "entry": str(attachment.entry_id)},
    )  # fmt: skip
    return attachment, sealed


@transaction.atomic
def note_file_taken(*, incident: Incident, sha256: str, actor: Actor, now: dt.datetime) -> None:
    """Record that the incident file (PDF) was made for somebody; `sha256` is that of the PDF."""
    require(actor, Capability.CRISIS_VIEW)
    write_record(
        "report_downloaded", incident, actor=actor, now=now, staff=actor.user_id,
        payload={"sha256": sha256},
    )  # fmt: skip
