"""Controls with what is known of them, each source asked once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.risks.controls import rules
from crisis.risks.controls.models import Control, ControlEvidence, ControlUse
from crisis.risks.controls.rules import Effect, Evidence, Standing
from crisis.risks.evidence import asked
from crisis.risks.recording import today_of


@dataclass(frozen=True, slots=True)
class Acting:
    """A control on a risk, and how it stands."""

    use: ControlUse
    evidence: Evidence

    @property
    def effect(self) -> Effect:
        """What the rule makes of it."""
        return Effect(self.use.control.kind, self.use.strength, self.evidence.standing)


def controls(actor: Actor) -> QuerySet[Control]:
    """All controls with the number of risks that rely on them."""
    require(actor, Capability.RISK_VIEW)
    relying = Count("uses", filter=Q(uses__ended_at=None))
    return Control.objects.select_related("owner").annotate(relying=relying)


def control_for(actor: Actor, control_id: UUID) -> Control:
    """One control; raises NotFound."""
    found = controls(actor).filter(pk=control_id).first()
    if found is None:
        raise NotFound(_("There is no such control."))
    return found


def standing_of(rows: Iterable[Control], now: dt.datetime) -> dict[UUID, Evidence]:
    """How each control stands: one query for notes, and each source asked once."""
    found = list(rows)
    live = asked((control.source for control in found if control.source), now)
    newest = (
        ControlEvidence.objects.filter(control__in=[control.pk for control in found])
        .order_by("control_id", "-on", "-id")
        .distinct("control_id")
    )
    notes = {row.control_id: _of_note(row, now) for row in newest}
    return {
        control.pk: rules.together(live.get(control.source), notes.get(control.pk))
        for control in found
    }


def acting_on(risk_ids: Iterable[UUID], now: dt.datetime) -> dict[UUID, list[Acting]]:
    """The controls that act on each risk now, with how they stand."""
    uses = list(
        ControlUse.objects.filter(risk__in=list(risk_ids), ended_at=None)
        .select_related("control", "control__owner")
        .order_by("control__code")
    )
    standing = standing_of({use.control for use in uses}, now)
    found: dict[UUID, list[Acting]] = {}
    for use in uses:
        found.setdefault(use.risk_id, []).append(Acting(use, standing[use.control_id]))
    return found


def evidence_of(control: Control) -> list[ControlEvidence]:
    """What people noted, newest first."""
    return list(control.evidence.select_related("by")[:100])


def _of_note(row: ControlEvidence, now: dt.datetime) -> Evidence:
    at = row.recorded_at
    if not row.works:
        return Evidence(Standing.FAILS, row.note, at)
    expired = today_of(now) > row.expires_on
    return Evidence(Standing.STALE if expired else Standing.WORKS, row.note, at)
