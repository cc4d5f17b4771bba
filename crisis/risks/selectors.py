"""The register: risks with their figures, narrowed by filters, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.roles import Capability, Role, capabilities_of
from crisis.risks import rules
from crisis.risks.controls.rules import left_over
from crisis.risks.controls.selectors import Acting, acting_on
from crisis.risks.matrix.rules import ORDER, Matrix, Step
from crisis.risks.models import Acceptance, Assessment, Risk
from crisis.risks.newest import newest
from crisis.risks.recording import ZONE, today_of
from crisis.risks.rules import AcceptanceState, Stage, State

VIEW = Capability.RISK_VIEW


@dataclass(frozen=True, slots=True)
class Point:
    """A risk at one stage: likelihood and impact in percent, and the level that they are."""

    likelihood: int
    impact: int
    level: str
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A risk with the figures of each stage that was assessed."""

    risk: Risk
    points: Mapping[str, Point]

    @property
    def stages(self) -> list[Point | None]:
        """Inherent, current and residual, in this order."""
        return [self.points.get(stage) for stage in Stage]


def register(actor: Actor, filters: Mapping[str, Any] | None = None) -> QuerySet[Risk]:
    """All risks, narrowed by `kind`, `state` (or `live`), `department`, `owner`, and `q`."""
    require(actor, VIEW)
    chosen = {name: value for name, value in (filters or {}).items() if value}
    found = Risk.objects.select_related("owner")
    for name in ("kind", "department", "owner"):
        if name in chosen:
            found = found.filter(**{name: chosen[name]})
    if state := chosen.get("state"):
        found = found.live() if state == "live" else found.filter(state=state)
    if text := chosen.get("q"):
        words = Q(title__icontains=text) | Q(description__icontains=text)
        found = found.filter(words | Q(code__icontains=text) | Q(causes__icontains=text))
    return found


def of_level(found: QuerySet[Risk], matrix: Matrix, level: str) -> QuerySet[Risk]:
    """Those whose newest current assessment is of `level`."""
    now = Assessment.objects.filter(risk=OuterRef("pk"), stage=Stage.CURRENT).order_by("-at", "-id")
    found = found.annotate(
        now_likelihood=Subquery(now.values("likelihood")[:1]),
        now_impact=Subquery(now.values("impact")[:1]),
    )
    wanted = Q(pk__in=[])
    for row, levels in zip(matrix.likelihood, matrix.cells, strict=True):
        for column, each in zip(matrix.impact, levels, strict=True):
            if each == level:
                wanted |= _within("now_likelihood", row) & _within("now_impact", column)
    return found.filter(wanted)


def _within(name: str, step: Step) -> Q:
    upper = "lte" if step.high == 100 else "lt"
    return Q(**{f"{name}__gte": step.low, f"{name}__{upper}": step.high})


def rows_of(risks: Iterable[Risk], matrix: Matrix) -> list[Row]:
    """The figures of risks. One query."""
    found = list(risks)
    counted = newest(risk.pk for risk in found)
    return [Row(risk, points_of(risk.pk, counted, matrix)) for risk in found]


def points_of(
    risk_id: UUID, counted: Mapping[tuple[UUID, str], Assessment], matrix: Matrix
) -> dict[str, Point]:
    """What counts of each stage of one risk."""
    return {
        stage.value: point_of(row, matrix)
        for stage in Stage
        if (row := counted.get((risk_id, stage.value)))
    }


def point_of(row: Assessment, matrix: Matrix) -> Point:
    """An assessment with its level."""
    return Point(row.likelihood, row.impact, matrix.level_of(row.likelihood, row.impact), row)


def risk_for(actor: Actor, risk_id: UUID) -> Risk:
    """One risk; raises NotFound."""
    found = register(actor).select_related("round", "created_by").filter(pk=risk_id).first()
    if found is None:
        raise NotFound(_("There is no such risk."))
    return found


def assessments_of(risk: Risk, matrix: Matrix) -> list[Point]:
    """All assessments of a risk, newest first, with today's levels."""
    return [point_of(row, matrix) for row in risk.assessments.select_related("by")[:200]]


def by_rule(inherent: Point | None, acting: Sequence[Acting]) -> tuple[int, int] | None:
    """What the controls, as their evidence stands, leave of the inherent figures."""
    if inherent is None:
        return None
    return left_over((inherent.likelihood, inherent.impact), (each.effect for each in acting))


def controls_of(risk: Risk, now: dt.datetime) -> list[Acting]:
    """The controls that act on a risk, with how they stand."""
    return acting_on([risk.pk], now).get(risk.pk, [])


def acceptances_of(risk: Risk) -> list[Acceptance]:
    """All acceptances of a risk, newest first."""
    people = ("proposed_by", "decided_by", "ended_by")
    return list(risk.acceptances.select_related(*people)[:50])


def grew(acceptance: Acceptance, point: Point | None, matrix: Matrix) -> bool:
    """Whether the risk is larger now than what was accepted."""
    if point is None:
        return False
    accepted = matrix.level_of(acceptance.likelihood, acceptance.impact)
    return ORDER[point.level] > ORDER[accepted]


def expired_open(now: dt.datetime) -> list[Risk]:
    """Open risks whose last acceptance ran out and for which none is proposed or in force, also
    while nothing has ended them yet. One query."""
    last = Acceptance.objects.filter(risk=OuterRef("pk")).order_by("-id")
    found = Risk.objects.filter(state__in=[State.OPEN, State.ACCEPTED]).annotate(
        last_state=Subquery(last.values("state")[:1]),
        last_day=Subquery(last.values("expires_on")[:1]),
    )
    ended = Q(last_state=AcceptanceState.EXPIRED)
    ending = Q(last_state=AcceptanceState.ACTIVE, last_day__lt=today_of(now))
    return list(found.filter(ended | ending).order_by("last_day", "id")[:20])


def proposed(actor: Actor) -> list[Acceptance]:
    """Acceptances that wait for this actor's decision. One query."""
    waiting = Acceptance.objects.filter(state=AcceptanceState.PROPOSED)
    others = waiting.exclude(proposed_by=actor.user_id).exclude(risk__owner=actor.user_id)
    return list(others.select_related("risk").order_by("proposed_at")[:20])


def departments() -> list[str]:
    """The departments that risks are of, for filters and suggestions."""
    names = Risk.objects.order_by("department").values_list("department", flat=True)
    return list(names.distinct()[:200])


def staff() -> QuerySet[User]:
    """Who can own a risk or a control."""
    return User.objects.filter(is_active=True).order_by("display_name", "username")


def chairs() -> QuerySet[User]:
    """Who can chair a round: who works on risks."""
    wanted = {Capability.RISK_EDIT, Capability.RISK_APPROVE}
    roles = [role.value for role in Role if wanted & capabilities_of(frozenset({role}))]
    return staff().filter(groups__name__in=roles).distinct()


def end_of_quarter(quarter: str) -> dt.datetime:
    """The instant at which a quarter is over for the house."""
    after = rules.quarter_bounds(quarter)[1]
    return dt.datetime.combine(after, dt.time(), tzinfo=ZONE)
