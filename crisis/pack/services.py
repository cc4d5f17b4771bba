"""Making packs and handing them out."""

from __future__ import annotations

import datetime as dt
import hashlib
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core import crypto
from core.access import require
from core.actor import Actor
from core.clock import uuid7
from core.errors import Conflict, NotFound
from core.roles import Capability
from crisis.pack import content, rendering
from crisis.pack.models import Pack

KEPT = dt.timedelta(days=30)
NAME = "crisis-pack"


class Form(StrEnum):
    """A file of a pack, by the ending of its name."""

    PAGE = "html"
    PDF = "pdf"


TYPES = {Form.PAGE: "text/html; charset=utf-8", Form.PDF: "application/pdf"}


@transaction.atomic
def make_pack(*, actor: Actor, now: dt.datetime) -> Pack:
    """Make a pack of what holds now; the product does so daily, whoever may run crises at any
    time. Packs older than 30 days cannot be opened any more."""
    if not actor.is_system:
        require(actor, Capability.CRISIS_RUN)
    gathered = content.gathered(now)
    files = {Form.PAGE: rendering.page(gathered), Form.PDF: rendering.pdf(gathered)}
    pack = Pack(id=uuid7(), made_at=now, facts=content.facts_of(gathered))
    key = sealing.create_keys([pack.pk], now=now)[pack.pk]
    pack.page = crypto.seal(key, files[Form.PAGE], context=b"pack.html")
    pack.pdf = crypto.seal(key, files[Form.PDF], context=b"pack.pdf")
    pack.page_sha256, pack.pdf_sha256 = (_sha256(files[form]) for form in (Form.PAGE, Form.PDF))
    pack.save(force_insert=True)
    payload = {"html": pack.page_sha256, "pdf": pack.pdf_sha256, **pack.facts}
    forgotten = _forget_before(now - KEPT, now)
    _note("made", pack, actor, now, payload | {"forgotten": forgotten})
    return pack


@transaction.atomic
def take_pack(*, pack_id: UUID, form: Form, actor: Actor, now: dt.datetime) -> bytes:
    """One file of a pack, in the clear, for who may see crises; recorded, because it names people
    and their numbers. Raises NotFound, or Conflict `forgotten` for one that is too old."""
    require(actor, Capability.CRISIS_VIEW)
    pack = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound(_("There is no such pack."))
    data = opened(pack, form)
    _note("taken", pack, actor, now, {"form": form.value})
    return data


@transaction.atomic
def write_pack(*, pack_id: UUID, directory: Path, actor: Actor, now: dt.datetime) -> list[Path]:
    """Write a pack's files in the clear to a place outside the product (a drive, a share), each
    whole or not at all, readable by this user alone; recorded. Raises NotFound or OSError."""
    pack = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound(_("There is no such pack."))
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for form in Form:
        target = directory / f"{NAME}.{form.value}"
        new = directory / f".{target.name}.new"
        new.touch(mode=0o600)
        new.write_bytes(opened(pack, form))
        written.append(new.replace(target))
    _note("written", pack, actor, now, {})
    return written


def opened(pack: Pack, form: Form) -> bytes:
    """A pack's file in the clear; the caller records it. Raises Conflict `forgotten`."""
    try:
        key = sealing.key_of(pack.pk)
    except sealing.KeyDestroyed:
        raise Conflict(
            _("This pack is too old; its content was forgotten."), code="forgotten"
        ) from None
    sealed = pack.page if form == Form.PAGE else pack.pdf
    return crypto.unseal(key, bytes(sealed), context=f"pack.{form.value}".encode())


def _forget_before(limit: dt.datetime, now: dt.datetime) -> int:
    old = Pack.objects.filter(made_at__lt=limit).values_list("pk", flat=True)
    keys = sealing.keys_of(old)
    for pack_id in keys:
        sealing.destroy_key(pack_id, now=now)
    return len(keys)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _note(
    verb: str, pack: Pack, actor: Actor, now: dt.datetime, payload: dict[str, object]
) -> None:
    about = Subjects(object=f"pack:{pack.pk}")
    record(action=f"pack.{verb}", actor=actor, now=now, subjects=about, payload=payload)
