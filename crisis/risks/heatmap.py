"""The heat map as geometry: pure functions from figures to the coordinates of an SVG, and to the
table that stands beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crisis.risks.matrix.rules import LEVEL_LABELS, ORDER, STEPS, Level, Matrix, Step

CELL_W, CELL_H = 150, 104
LEFT, TOP = 132, 8
MARK_W, MARK_H = 44, 18
PER_ROW, MOST = 3, 9
EDGE = 0.1  # of a cell
WIDTH, HEIGHT = LEFT + STEPS * CELL_W + 8, TOP + STEPS * CELL_H + 56


@dataclass(frozen=True, slots=True)
class Placed:
    """A risk on the map. `then` is where it was at the earlier instant, if it was assessed."""

    code: str
    likelihood: int
    impact: int
    then: tuple[int, int] | None = None


@dataclass
class HeatMap:
    """What `crisis/risks/heat.svg.html` draws, in SVG user units, y downwards."""

    cells: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    arrows: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT


def short(code: str) -> str:
    """A code as a mark shows it: R-2026-001 is 26-001."""
    letter, _sep, rest = code.partition("-")
    return rest[2:] if letter == "R" and len(rest) > 4 else code


def drawn(matrix: Matrix, placed: Iterable[Placed]) -> HeatMap:
    """The map: likelihood upwards, impact to the right. Marks of one cell stand beside each
    other, at most nine of them; an arrow comes from where a risk was in another cell."""
    heat = HeatMap()
    by_cell: dict[tuple[int, int], list[Placed]] = defaultdict(list)
    for each in sorted(placed, key=lambda one: one.code):
        by_cell[matrix.cell_of(each.likelihood, each.impact)].append(each)
    for row in range(STEPS):
        for column in range(STEPS):
            _draw_cell(heat, matrix, (row, column), by_cell.get((row, column), []))
    for at, step in enumerate(matrix.likelihood):
        y = _top(at) + CELL_H / 2
        heat.rows.append({"y": y - 4, "y2": y + 12, "name": step.name, "range": _range(step)})
    for at, step in enumerate(matrix.impact):
        y = TOP + STEPS * CELL_H
        x = LEFT + at * CELL_W + CELL_W / 2
        heat.columns.append(
            {"x": x, "y": y + 18, "y2": y + 34, "name": step.name, "range": _range(step)}
        )
    return heat


def _draw_cell(
    heat: HeatMap, matrix: Matrix, cell: tuple[int, int], here: Sequence[Placed]
) -> None:
    row, column = cell
    x, y = LEFT + column * CELL_W, _top(row)
    heat.cells.append(
        {
            "x": x, "y": y, "width": CELL_W, "height": CELL_H, "level": matrix.cells[row][column],
            "word": LEVEL_LABELS[Level(matrix.cells[row][column])],
            "text_x": x + 8, "text_y": y + 16, "count": len(here),
        }
    )  # fmt: skip
    shown = here if len(here) <= MOST else here[: MOST - 1]
    for slot, each in enumerate(shown):
        mark = _mark(x, y, slot, short(each.code))
        heat.marks.append(mark)
        if each.then is not None and matrix.cell_of(*each.then) != cell:
            heat.arrows.append(_arrow(matrix, each.then, mark))
    if len(here) > len(shown):
        heat.marks.append(_mark(x, y, MOST - 1, f"+{len(here) - len(shown)}"))


def _mark(x: float, y: float, slot: int, text: str) -> dict[str, Any]:
    left = x + 5 + (slot % PER_ROW) * (MARK_W + 4)
    top = y + 26 + (slot // PER_ROW) * (MARK_H + 6)
    return {
        "x": left, "y": top, "width": MARK_W, "height": MARK_H, "text": text,
        "text_x": left + MARK_W / 2, "text_y": top + 13,
    }  # fmt: skip


def _arrow(matrix: Matrix, then: tuple[int, int], mark: dict[str, Any]) -> dict[str, Any]:
    """From where the risk was, at its place within the cell, to the nearest side of its mark."""
    x1, y1 = place(matrix, *then)
    x2 = min(max(x1, mark["x"]), mark["x"] + mark["width"])
    y2 = mark["y"] if y1 < mark["y"] else mark["y"] + mark["height"]
    if mark["y"] <= y1 <= mark["y"] + mark["height"]:
        y2 = y1
    return {"x1": x1, "y1": y1, "x2": x2, "y2": y2}


def place(matrix: Matrix, likelihood: int, impact: int) -> tuple[float, float]:
    """Where two percentages lie: each band is equally wide, straight inside, and keeps a little
    away from its edges, so that nobody doubts which cell it is."""
    row, column = matrix.cell_of(likelihood, impact)
    x = LEFT + (column + _within(matrix.impact[column], impact)) * CELL_W
    y = _top(row) + (1 - _within(matrix.likelihood[row], likelihood)) * CELL_H
    return round(x, 1), round(y, 1)


def _within(step: Step, value: int) -> float:
    return EDGE + (1 - 2 * EDGE) * (value - step.low) / (step.high - step.low)


def _top(row: int) -> float:
    return TOP + (STEPS - 1 - row) * CELL_H


def _range(step: Step) -> str:
    return f"{step.low}–{step.high} %"


def direction(matrix: Matrix, then: tuple[int, int] | None, now: tuple[int, int]) -> str:
    """How a risk moved: new, same, up or down; by level, then by likelihood × impact."""
    if then is None:
        return "new"
    before, after = ORDER[matrix.level_of(*then)], ORDER[matrix.level_of(*now)]
    before_score, after_score = then[0] * then[1], now[0] * now[1]
    if (before, before_score) == (after, after_score):
        return "same"
    return "up" if (after, after_score) > (before, before_score) else "down"
