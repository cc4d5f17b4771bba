"""The matrix in force, and what another version would change."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed.rules import State
from core.roles import Capability
from crisis.risks.matrix.models import RiskMatrixVersion
from crisis.risks.matrix.rules import Matrix
from crisis.risks.models import Risk
from crisis.risks.newest import newest_points


@dataclass(frozen=True, slots=True)
class Change:
    """A risk at a stage whose level another version changes."""

    risk: Risk
    stage: str
    likelihood: int
    impact: int
    before: str
    after: str


def in_force() -> Matrix:
    """The matrix in force. One query."""
    return version_in_force().content


def version_in_force() -> RiskMatrixVersion:
    """The version in force; a migration ships one."""
    return RiskMatrixVersion.objects.select_related("matrix").get(state=State.APPROVED)


def versions(actor: Actor) -> QuerySet[RiskMatrixVersion]:
    """All versions, newest first."""
    require(actor, Capability.RISK_VIEW)
    return RiskMatrixVersion.objects.select_related("matrix", "edited_by", "decided_by").order_by(
        "-number"
    )


def version_for(actor: Actor, version_id: UUID) -> RiskMatrixVersion:
    """One version; raises NotFound."""
    found = versions(actor).filter(pk=version_id).first()
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def impact_of(matrix: Matrix) -> list[Change]:
    """The risks that are not closed whose level would change if `matrix` came into force."""
    now = in_force()
    changes = []
    for (risk, stage), point in newest_points(Risk.objects.live()).items():
        before, after = now.level_of(*point), matrix.level_of(*point)
        if before != after:
            changes.append(Change(risk, stage, *point, before, after))
    return sorted(changes, key=lambda change: (change.risk.code, change.stage))
