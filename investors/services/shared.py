"""What the services of investors share: locks, rights, and what follows from a change."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit import sealing
from core import access
from core.actor import Actor
from core.clock import uuid7
from core.errors import Conflict, NotFound
from core.roles import Capability
from investors import rules
from investors.models import ConsentEntry, ConsentState, ContactPoint, Investor

Action = ConsentEntry.Action


def require_consent_right(actor: Actor, investor_id: UUID) -> None:
    """Investors act for themselves; the system for what providers report; staff by right."""
    if actor.kind == "investor":
        if actor.id != str(investor_id):
            raise NotFound(_("There is no such investor."))
    elif not actor.is_system:
        access.require(actor, Capability.INVESTORS_EDIT)


def locked(investor_id: UUID, actor: Actor) -> Investor:
    investor = Investor.objects.select_for_update().filter(pk=investor_id).first()
    if investor is None:
        raise NotFound(_("There is no such investor."))
    if actor.kind not in ("investor", "system"):
        access.require_line(actor, investor.business_line_id)
    return investor


def require_alive(investor_id: UUID) -> None:
    """Raise Conflict (code `erased`) for an investor whose data key was destroyed."""
    if not sealing.keys_of([investor_id]):
        raise Conflict(_("This investor was erased; nothing is changed any more."), code="erased")


def enter(
    investor_id: UUID,
    purpose: str,
    action: ConsentEntry.Action,
    method: str,
    actor: Actor,
    now: dt.datetime,
    *,
    ip: str | None = None,
    notice_id: UUID | None = None,
    source: str = "",
) -> ConsentEntry:
    """The ledger entry and the standing that follows from it."""
    entry = ConsentEntry.objects.create(
        id=uuid7(),
        investor_id=investor_id,
        purpose=purpose,
        action=action,
        notice_id=notice_id,
        method=method,
        legal_basis=rules.legal_basis(purpose),
        place=rules.truncated_ip(ip),
        occurred_at=now,
        recorded_at=now,
        source=source or actor.kind,
    )
    ConsentState.objects.update_or_create(
        investor_id=investor_id,
        purpose=purpose,
        defaults={"granted": action == Action.GIVEN, "entry_id": entry.pk, "since": now},
    )
    return entry


def refresh_reach(investor_id: UUID) -> None:
    """Count again which of SMS and e-mail can be used."""
    kinds = set(
        ContactPoint.objects.filter(investor_id=investor_id, rank=0)
        .exclude(state=ContactPoint.State.SUPPRESSED)
        .values_list("kind", flat=True)
    )
    granted = set(
        ConsentState.objects.filter(investor_id=investor_id, granted=True).values_list(
            "purpose", flat=True
        )
    )
    Investor.objects.filter(pk=investor_id).update(reach=rules.reach(kinds, granted))


def sealed_reason(investor_id: UUID, reason: str) -> bytes | None:
    key = sealing.keys_of([investor_id]).get(investor_id) if reason.strip() else None
    return sealing.seal_text(key, reason.strip(), context="reason") if key else None
