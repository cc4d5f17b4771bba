"""Linking and taking a link back (R5). Nothing is deleted: taking back is a row of its own."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.roles import Capability
from crisis.risks.links import rules, selectors
from crisis.risks.links.models import Link, Unlink
from crisis.risks.links.rules import End, Kind
from crisis.risks.rules import clean_text

EDIT = Capability.RISK_EDIT


@transaction.atomic
def link(*, one: End, other: End, actor: Actor, now: dt.datetime, why: str = "") -> Link:
    """Say that two things belong together; needs RISK_EDIT.

    Raises InvalidInput `target`, NotFound for what is not there or not visible to the actor,
    Conflict `linked` when they are linked already.
    """
    require(actor, EDIT)
    first, second = rules.in_order(one, other)
    why = clean_text(why, field="why")
    for end in (first, second):
        if not selectors.exists(actor, end):
            raise NotFound(_("There is nothing of this kind with this code or id."))
    _lock(first, second)
    if Link.objects.standing().filter(**_pair(first, second)).exists():
        raise Conflict(_("These two are linked already."), code="linked")
    made = Link.objects.create(**_pair(first, second), why=why, at=now, by_id=actor.user_id)
    _note("linked", made, actor=actor, now=now, why=why)
    return made


@transaction.atomic
def unlink(*, link_id: UUID, why: str, actor: Actor, now: dt.datetime) -> Unlink:
    """Take a link back, with a reason; needs RISK_EDIT. The link stays visible as taken back.

    Raises NotFound, or Conflict `unlinked` when somebody did it already.
    """
    require(actor, EDIT)
    why = clean_text(why, field="why", required=True)
    found = Link.objects.filter(pk=link_id).first()
    if found is None:
        raise NotFound(_("There is no such link."))
    _lock(*found.ends)
    if Unlink.objects.filter(link=found).exists():
        raise Conflict(_("This link was taken back already."), code="unlinked")
    made = Unlink.objects.create(link=found, why=why, at=now, by_id=actor.user_id)
    _note("unlinked", found, actor=actor, now=now, why=why)
    return made


def _pair(one: End, other: End) -> dict[str, Any]:
    return {
        "one_kind": one.kind,
        "one_id": one.id,
        "other_kind": other.kind,
        "other_id": other.id,
    }


def _lock(one: End, other: End) -> None:
    """Two people who link the same pair at once do so one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{one}{other}"])


def _note(verb: str, made: Link, *, actor: Actor, now: dt.datetime, why: str) -> None:
    by_kind = {end.kind: end.id for end in made.ends}
    risk = by_kind.get(Kind.RISK)
    record(
        action=f"risk.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(
            incident=by_kind.get(Kind.INCIDENT),
            notice=by_kind.get(Kind.NOTICE),
            object=f"risk:{risk}" if risk else f"link:{made.pk}",
        ),
        payload={
            "link": str(made.pk),
            "ends": [f"{end.kind}:{end.id}" for end in made.ends],
            "words": made.proof(why=why),
        },
    )
