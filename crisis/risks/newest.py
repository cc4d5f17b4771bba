"""The newest assessment of each stage, of many risks at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from crisis.risks.models import Assessment, Risk

Key = tuple[UUID, str]


def newest(risk_ids: Iterable[UUID], *, until: dt.datetime | None = None) -> dict[Key, Assessment]:
    """By risk and stage: the assessment that counts, or that counted at `until`. One query."""
    rows = Assessment.objects.filter(risk__in=list(risk_ids))
    if until is not None:
        rows = rows.filter(at__lt=until)
    chosen = rows.order_by("risk_id", "stage", "-at", "-id").distinct("risk_id", "stage")
    return {(row.risk_id, row.stage): row for row in chosen.select_related("by")}


def newest_points(risks: QuerySet[Risk]) -> dict[tuple[Risk, str], tuple[int, int]]:
    """By risk and stage: likelihood and impact. Two queries."""
    found = {risk.pk: risk for risk in risks}
    return {
        (found[risk_id], stage): (row.likelihood, row.impact)
        for (risk_id, stage), row in newest(found).items()
    }
