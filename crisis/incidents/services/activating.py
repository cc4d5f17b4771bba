"""From the first alarm to an incident, or to the one that is open already (C1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.clock import isoformat
from core.errors import Forbidden, InvalidInput
from core.roles import Capability
from crisis.escalation import services as escalation
from crisis.incidents import rules
from crisis.incidents.models import Incident
from crisis.incidents.rules import EntryKind, MomentKind, Nature
from crisis.incidents.services.common import reach, write_record
from crisis.incidents.timeline import add_entry, entry_proof
from crisis.plans.rules import may_activate
from crisis.plans.selectors import frozen_plan

HAND = "hand"


@transaction.atomic
def activate(
    *,
    title: str,
    since: dt.datetime | None = None,
    nature: str = "",
    scope: Mapping[str, Any] | None = None,
    exercise: bool = False,
    actor: Actor,
    now: dt.datetime,
) -> Incident:
    """A named activator starts an incident by hand; all but the title may come later.

    Raises Forbidden, InvalidInput `title`, `nature`, `since` or `scope.*`.
    """
    require(actor, Capability.CRISIS_ACTIVATE)
    if not may_activate(frozen_plan(), str(actor.user_id)):
        raise Forbidden(
            _("The crisis plan does not name you among those who may start an incident."),
            code="not_named",
        )
    return open_incident(
        title=title, since=since, nature=nature, scope=scope, exercise=exercise, cause=HAND,
        actor=actor, now=now,
    )  # fmt: skip


def open_incident(
    *,
    title: str,
    cause: str,
    actor: Actor,
    now: dt.datetime,
    since: dt.datetime | None = None,
    nature: str = "",
    scope: Mapping[str, Any] | None = None,
    dedupe: str = "",
    exercise: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> Incident:
    """An incident to be verified, under the plan now in force; its first clocks start. For
    services that have checked who asks: by hand, a criterion, an alarm, a drill. Those whom the
    plan calls first get their calls. The caller is in a transaction."""
    since = since or now
    if since > now:
        raise InvalidInput(_("This lies in the future."), code="future", field="since")
    rules.require_recent(since, now, field="since")
    title = " ".join(title.split())
    if not title or len(title) > 200:
        raise InvalidInput(_("Say in up to 200 characters what happened."), field="title")
    if nature and nature not in set(Nature):
        raise InvalidInput(_("There is no such nature."), field="nature")
    incident = Incident.objects.create(
        code=_next_code(now, exercise),
        title=title,
        exercise=exercise,
        nature=nature,
        scope=rules.clean_scope(scope or {}),
        cause=cause,
        dedupe=dedupe,
        plan=frozen_plan(),
        since=since,
        activated_at=now,
        activated_by_id=actor.user_id,
    )
    entry = add_entry(
        incident, EntryKind.STATE, _text("Activated: %(title)s") % {"title": title},
        actor=actor, now=now, detail={"to": incident.state, "cause": cause, **(detail or {})},
    )  # fmt: skip
    write_record(
        "activated", incident, actor=actor, now=now,
        payload={
            "title": title, "cause": cause, "since": isoformat(since), "nature": nature,
            "scope": incident.scope, "plan": incident.plan, "proof": entry_proof(entry),
        },
    )  # fmt: skip
    reach(incident, MomentKind.ACTIVATED, at=now, actor=actor, now=now)
    reach(incident, MomentKind.AWARE, at=now, actor=actor, now=now)
    if nature == Nature.LEAK:
        reach(incident, MomentKind.LEAK, at=now, actor=actor, now=now)
    escalation.call_out(incident=incident, actor=actor, now=now)
    return incident


def open_with(dedupe: str, *, exercise: bool = False) -> Incident | None:
    """The open incident that signals of that kind attach to, locked, if there is one."""
    return (
        Incident.objects.open().select_for_update().filter(dedupe=dedupe, exercise=exercise).first()
    )


def _next_code(now: dt.datetime, exercise: bool) -> str:
    """INC-2026-0001, or EX-2026-0001 for an exercise; numbered within the year without gaps."""
    prefix = f"{'EX' if exercise else 'INC'}-{now.year}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"crisis {prefix}"])
    return f"{prefix}{Incident.objects.filter(code__startswith=prefix).count() + 1:04d}"
