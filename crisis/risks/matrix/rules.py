"""Likelihood × impact to a level: five by five, the bands of both axes and the level of each
cell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text

STEPS = 5  # bands of each axis
AXES = ("likelihood", "impact")


class Level(StrEnum):
    """How large a risk is, from small to large."""

    LOW = "low"
    MODERATE = "moderate"
    ELEVATED = "elevated"
    HIGH = "high"


LEVEL_LABELS = {
    Level.LOW: _("Low"),
    Level.MODERATE: _("Moderate"),
    Level.ELEVATED: _("Elevated"),
    Level.HIGH: _("High"),
}
ORDER = {level.value: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Step:
    """One band of an axis, in percent: from `low` (inside) to `high` (outside, but for 100)."""

    low: int
    high: int
    zh: str
    en: str

    @property
    def name(self) -> str:
        """The band's name in the reader's language."""
        return self.zh if (get_language() or "").lower().startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Matrix:
    """The content of one version. `cells[l][i]` is the level of likelihood band l and impact
    band i."""

    likelihood: tuple[Step, ...]
    impact: tuple[Step, ...]
    cells: tuple[tuple[str, ...], ...]

    def cell_of(self, likelihood: int, impact: int) -> tuple[int, int]:
        """The bands of two percentages."""
        return band_of(self.likelihood, likelihood), band_of(self.impact, impact)

    def level_of(self, likelihood: int, impact: int) -> str:
        """The level of two percentages."""
        row, column = self.cell_of(likelihood, impact)
        return self.cells[row][column]


def band_of(steps: Sequence[Step], value: int) -> int:
    """Which of the steps a percentage falls into. They cover 0 to 100 without gap or overlap."""
    for at, step in enumerate(steps):
        if step.low <= value < step.high or (value == 100 == step.high):
            return at
    raise ValueError(f"{value} is in no band")


def canonical(matrix: Matrix) -> dict[str, Any]:
    """The content as the ledger and the hash see it."""
    return {"v": 1, **content_of(matrix)}


def content_of(matrix: Matrix) -> dict[str, Any]:
    """The content as it is stored: the version's columns."""
    return {
        "likelihood": [_plain(step) for step in matrix.likelihood],
        "impact": [_plain(step) for step in matrix.impact],
        "cells": [list(row) for row in matrix.cells],
    }


def _plain(step: Step) -> dict[str, Any]:
    return {"low": step.low, "high": step.high, "zh": step.zh, "en": step.en}


def matrix_of(raw: Mapping[str, Any]) -> Matrix:
    """The matrix of stored columns."""
    return Matrix(
        likelihood=tuple(Step(**item) for item in raw["likelihood"]),
        impact=tuple(Step(**item) for item in raw["impact"]),
        cells=tuple(tuple(row) for row in raw["cells"]),
    )


# --- input ----------------------------------------------------------------------------------


def clean(
    *,
    likelihood: Sequence[Mapping[str, Any]],
    impact: Sequence[Mapping[str, Any]],
    cells: Sequence[Sequence[str]],
) -> Matrix:
    """A matrix whose bands cover 0 to 100 % without gap or overlap, whose levels never fall when
    likelihood or impact rises, and in which 90 % × 100 % is high (R2).

    Raises InvalidInput naming axis, number of the band (from 1) and its end, or the cell.
    """
    matrix = Matrix(
        likelihood=_clean_axis(likelihood, "likelihood"),
        impact=_clean_axis(impact, "impact"),
        cells=_clean_cells(cells),
    )
    if matrix.level_of(90, 100) != Level.HIGH:
        row, column = matrix.cell_of(90, 100)
        raise InvalidInput(
            _("A likelihood of 90 % with an impact of 100 % must be high."),
            code="not_high",
            field=f"cells.{row + 1}.{column + 1}",
        )
    return matrix


def _clean_axis(raw: Sequence[Mapping[str, Any]], axis: str) -> tuple[Step, ...]:
    if len(raw) != STEPS:
        raise InvalidInput(_("Give %(count)s bands.") % {"count": STEPS}, field=axis)
    steps: list[Step] = []
    for number, item in enumerate(raw, 1):
        place = f"{axis}.{number}"
        step = Step(
            low=_percent(item.get("low"), f"{place}.low"),
            high=_percent(item.get("high"), f"{place}.high"),
            zh=_name(item.get("zh"), f"{place}.zh"),
            en=_name(item.get("en"), f"{place}.en"),
        )
        _check_place(steps, step, place)
        steps.append(step)
    if steps[-1].high != 100:
        raise InvalidInput(
            _("The last band must end at 100."), code="gap", field=f"{axis}.{STEPS}.high"
        )
    return tuple(steps)


def _check_place(before: Sequence[Step], step: Step, place: str) -> None:
    start = before[-1].high if before else 0
    if step.low > start:
        raise InvalidInput(
            _("%(from)s to %(to)s is in no band.") % {"from": start, "to": step.low},
            code="gap",
            field=f"{place}.low",
        )
    if step.low < start:
        raise InvalidInput(
            _("%(from)s to %(to)s is in two bands.") % {"from": step.low, "to": start},
            code="overlap",
            field=f"{place}.low",
        )
    if step.high <= step.low:
        raise InvalidInput(
            _("A band must end above where it begins."), code="empty_band", field=f"{place}.high"
        )


def _percent(raw: Any, field: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 100:
        raise InvalidInput(_("Give a whole number from 0 to 100."), field=field)
    return raw


def _name(raw: Any, field: str) -> str:
    text = " ".join(clean_text(raw, field=field, limit=400).split())
    if not text or len(text) > 40:
        raise InvalidInput(_("Write 1 to %(limit)s characters.") % {"limit": 40}, field=field)
    return text


def _clean_cells(raw: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    if len(raw) != STEPS or any(len(row) != STEPS for row in raw):
        raise InvalidInput(_("Give a level for each cell."), field="cells")
    cells = tuple(tuple(str(level) for level in row) for row in raw)
    for row in range(STEPS):
        for column in range(STEPS):
            _check_cell(cells, row, column)
    return cells


def _check_cell(cells: Sequence[Sequence[str]], row: int, column: int) -> None:
    field = f"cells.{row + 1}.{column + 1}"
    if cells[row][column] not in ORDER:
        raise InvalidInput(_("Choose a level."), field=field)
    smaller = [cells[r][c] for r, c in ((row - 1, column), (row, column - 1)) if r >= 0 and c >= 0]
    if any(ORDER[level] > ORDER[cells[row][column]] for level in smaller):
        raise InvalidInput(
            _("A level may not fall when likelihood or impact rises."),
            code="falling",
            field=field,
        )


# --- shipped --------------------------------------------------------------------------------

_L, _M, _E, _H = (level.value for level in Level)
SHIPPED = Matrix(
    likelihood=(
        Step(0, 10, "罕见", "Rare"),
        Step(10, 30, "不太可能", "Unlikely"),
        Step(30, 50, "可能", "Possible"),
        Step(50, 80, "很可能", "Likely"),
        Step(80, 100, "几乎肯定", "Almost certain"),
    ),
    impact=(
        Step(0, 10, "轻微", "Slight"),
        Step(10, 30, "较小", "Minor"),
        Step(30, 60, "中等", "Medium"),
        Step(60, 85, "重大", "Major"),
        Step(85, 100, "特别重大", "Severe"),
    ),
    cells=(
        (_L, _L, _L, _M, _E),
        (_L, _L, _M, _M, _E),
        (_L, _M, _M, _E, _H),
        (_L, _M, _E, _H, _H),
        (_M, _M, _E, _H, _H),
    ),
)
