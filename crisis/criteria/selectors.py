"""The criteria in force, their versions, signals, and what criteria would have made of them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed.rules import State
from core.roles import Capability
from crisis.criteria import rules
from crisis.criteria.models import HOUSE, CriterionSet, CriterionSetVersion, Signal

DRY_RUN_DAYS = 90
DRY_RUN_LIMIT = 20_000  # signals, the newest


def version_in_force() -> CriterionSetVersion | None:
    """The version in force."""
    return CriterionSetVersion.objects.filter(
        criterion_set__code=HOUSE, state=State.APPROVED
    ).first()


def in_force() -> tuple[rules.Criterion, ...]:
    """The criteria in force."""
    version = version_in_force()
    return version.criteria if version else ()


def set_id() -> UUID:
    """The id of the firm's set."""
    return CriterionSet.objects.values_list("pk", flat=True).get(code=HOUSE)


def versions(actor: Actor) -> list[CriterionSetVersion]:
    """All versions, newest first."""
    require(actor, Capability.CRISIS_VIEW)
    return list(
        CriterionSetVersion.objects.select_related("edited_by", "decided_by").order_by("-number")
    )


def version_for(actor: Actor, version_id: UUID) -> CriterionSetVersion:
    """One version; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = (
        CriterionSetVersion.objects.select_related("criterion_set", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def signals(actor: Actor, *, measure: str = "", outcome: str = "") -> QuerySet[Signal]:
    """Signals with what they led to, for a list."""
    require(actor, Capability.CRISIS_VIEW)
    found = Signal.objects.prefetch_related("effects__incident")
    if measure:
        found = found.filter(measure=measure)
    return found.filter(outcome=outcome) if outcome else found


@dataclass(frozen=True, slots=True)
class WouldHave:
    """How often a criterion would have been met by past signals."""

    criterion: rules.Criterion
    seen: int
    met: int
    first: dt.datetime | None
    last: dt.datetime | None


def would_have(version: CriterionSetVersion, *, now: dt.datetime) -> list[WouldHave]:
    """What the criteria of `version` would have made of the signals of the last 90 days (the
    newest 20,000). One query."""
    rows = (
        Signal.objects.filter(at__gte=now - dt.timedelta(days=DRY_RUN_DAYS))
        .order_by("-at")
        .values_list("source", "measure", "value", "at")[:DRY_RUN_LIMIT]
    )
    seen = [rules.Observation(*row) for row in rows]
    met: dict[str, list[dt.datetime]] = defaultdict(list)
    for firing in rules.replay(version.criteria, seen):
        met[firing.code].append(firing.at)
    return [_would(criterion, seen, met[criterion.code]) for criterion in version.criteria]


def _would(criterion: rules.Criterion, seen: list[Any], met: list[dt.datetime]) -> WouldHave:
    return WouldHave(
        criterion=criterion,
        seen=sum(criterion.looks_at(each.measure, each.source) for each in seen),
        met=len(met),
        first=min(met, default=None),
        last=max(met, default=None),
    )
