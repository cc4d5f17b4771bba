"""Charts as geometry: pure functions from figures to the coordinates of an SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 230, 44, 8, 204


@dataclass
class Chart:
    """What `ui/chart.html` draws. Coordinates are in SVG user units, y downwards."""

    kind: str
    label: str
    x_label: str
    series: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    ticks: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    bars: list[dict[str, Any]] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = BOTTOM
    label_x: int = LEFT - 6
    mark_y: int = BOTTOM + 18


def ceiling(value: float) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ × 4 steps that is not below `value`; at least 4."""
    if value <= 4:
        return 4
    step = 10 ** math.floor(math.log10(value / 4))
    for factor in (1, 2, 2.5, 5, 10):
        if factor * step * 4 >= value and factor * step == int(factor * step):
            return factor * step * 4
    return 10 * step * 4


def compact(value: float) -> str:
    """A tick's label: 800, 1.2k, 3M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def bars(
    label: str, x_label: str, columns: Sequence[str], series: Mapping[str, Sequence[float]]
) -> Chart:
    """Stacked bars, first series at the bottom."""
    top = ceiling(max((sum(values) for values in zip(*series.values(), strict=True)), default=0))
    chart = _frame("bar", label, x_label, columns, series, top)
    pitch = (WIDTH - LEFT) / max(len(columns), 1)
    for at, column in enumerate(columns):
        base = 0.0
        for slot, (name, values) in enumerate(series.items(), 1):
            if values[at]:
                chart.bars.append(
                    {
                        "slot": slot,
                        "x": _text(LEFT + pitch * (at + 0.15)),
                        "y": _text(_y(base + values[at], top)),
                        "width": _text(pitch * 0.7),
                        "height": _text(_y(base, top) - _y(base + values[at], top)),
                        "title": f"{column} · {name}: {values[at]:g}",
                    }
                )
            base += values[at]
    return chart


def lines(
    label: str, x_label: str, columns: Sequence[str], series: Mapping[str, Sequence[float | None]]
) -> Chart:
    """One line per series, interrupted where there is no value (None)."""
    top = ceiling(
        max((v for values in series.values() for v in values if v is not None), default=0)
    )
    chart = _frame("line", label, x_label, columns, series, top)
    for entry, (name, values) in zip(chart.series, series.items(), strict=True):
        entry["dots"] = [
            {
                "x": _text(_x(at, len(columns))),
                "y": _text(_y(value, top)),
                "title": f"{column} · {name}: {value:g}",
                "joined": at > 0 and values[at - 1] is not None,
            }
            for at, (column, value) in enumerate(zip(columns, values, strict=True))
            if value is not None
        ]
        steps = [f"{'L' if dot['joined'] else 'M'}{dot['x']} {dot['y']}" for dot in entry["dots"]]
        entry["path"] = "".join(steps)
    return chart


def _frame(
    kind: str,
    label: str,
    x_label: str,
    columns: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    top: float,
) -> Chart:
    every = max(1, math.ceil(len(columns) / 16))
    return Chart(
        kind=kind,
        label=label,
        x_label=x_label,
        series=[{"label": name, "slot": slot} for slot, name in enumerate(series, 1)],
        rows=[
            {"label": column, "values": [values[at] for values in series.values()]}
            for at, column in enumerate(columns)
        ],
        ticks=[
            {"y": _text(_y(top * part / 4, top)), "label": compact(top * part / 4)}
            for part in range(5)
        ],
        marks=[
            {"x": _text(_x(at, len(columns))), "label": column}
            for at, column in enumerate(columns)
            if at % every == 0
        ],
    )


def _x(at: int, columns: int) -> float:
    return LEFT + (WIDTH - LEFT) / max(columns, 1) * (at + 0.5)


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _text(number: float) -> str:
    return f"{number:.1f}"
