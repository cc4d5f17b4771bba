"""Business lines."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core import access, journal
from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability


@transaction.atomic
def create_line(*, code: str, name: str, actor: Actor, now: dt.datetime) -> BusinessLine:
    """Make a business line. Raises InvalidInput when the code is taken."""
    if not actor.is_system:
        access.require(actor, Capability.SETTINGS_MANAGE)
    try:
        with transaction.atomic():
            line = BusinessLine.objects.create(code=code, name=name)
    except IntegrityError:
        raise InvalidInput(_("This code is taken."), code="taken", field="code") from None
    journal.write(
        action="line.created",
        actor=actor,
        now=now,
        object=f"line:{line.pk}",
        payload={"code": code, "name": name},
    )
    return line


@transaction.atomic
def rename_line(*, line_id: UUID, name: str, actor: Actor, now: dt.datetime) -> BusinessLine:
    """Give a business line another name; its code stays. Raises NotFound and InvalidInput."""
    if not actor.is_system:
        access.require(actor, Capability.SETTINGS_MANAGE)
    line = BusinessLine.objects.select_for_update().filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("There is no such business line."))
    if not name.strip():
        raise InvalidInput(_("Give a name."), field="name")
    before, line.name = line.name, name.strip()
    line.save(update_fields=["name"])
    journal.write(
        action="line.renamed",
        actor=actor,
        now=now,
        object=f"line:{line.pk}",
        payload={"before": before, "after": line.name},
    )
    return line
