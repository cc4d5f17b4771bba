"""What the heat map of a stage shows, now and against the end of an earlier quarter."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from crisis.risks import heatmap, selectors
from crisis.risks.matrix.rules import Matrix
from crisis.risks.matrix.selectors import in_force
from crisis.risks.models import Risk
from crisis.risks.newest import newest
from crisis.risks.rules import State
from crisis.risks.selectors import Point

DIRECTIONS = {
    "new": _("New"),
    "same": _("Unchanged"),
    "up": _("Larger"),
    "down": _("Smaller"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of the table beside the map."""

    risk: Risk
    now: Point
    then: Point | None
    direction: str


@dataclass(frozen=True, slots=True)
class Heat:
    """A map, its table, and how many risks were not assessed at that stage."""

    map: heatmap.HeatMap
    rows: list[Moved]
    missing: list[Risk]


def heat_of(
    actor: Actor, stage: str, *, since: dt.datetime | None = None, matrix: Matrix | None = None
) -> Heat:
    """The open and accepted risks at `stage`; `since` is the earlier instant. At most four
    queries."""
    matrix = matrix or in_force()
    found = selectors.register(actor).filter(state__in=[State.OPEN, State.ACCEPTED])
    risks = list(found.order_by("code"))
    ids = [risk.pk for risk in risks]
    now = newest(ids)
    then = newest(ids, until=since) if since else {}
    rows, missing = [], []
    for risk in risks:
        if (row := now.get((risk.pk, stage))) is None:
            missing.append(risk)
            continue
        point, earlier = selectors.point_of(row, matrix), then.get((risk.pk, stage))
        before = selectors.point_of(earlier, matrix) if earlier else None
        rows.append(Moved(risk, point, before, _direction(matrix, before, point)))
    return Heat(heatmap.drawn(matrix, map(_placed, rows)), rows, missing)


def _placed(row: Moved) -> heatmap.Placed:
    then = (row.then.likelihood, row.then.impact) if row.then else None
    return heatmap.Placed(row.risk.code, row.now.likelihood, row.now.impact, then)


def _direction(matrix: Matrix, before: Point | None, now: Point) -> str:
    then = (before.likelihood, before.impact) if before else None
    return heatmap.direction(matrix, then, (now.likelihood, now.impact))


def in_cells(matrix: Matrix, rows: list[Moved]) -> list[list[dict[str, Any]]]:
    """The codes in each cell, most likely first, for a map without coordinates."""
    codes: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        cell = matrix.cell_of(row.now.likelihood, row.now.impact)
        codes.setdefault(cell, []).append(heatmap.short(row.risk.code))
    return [
        [
            {"level": level, "codes": codes.get((at, column), [])}
            for column, level in enumerate(matrix.cells[at])
        ]
        for at in reversed(range(len(matrix.cells)))
    ]
