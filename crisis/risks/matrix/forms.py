"""The form of the matrix: five bands an axis, and a level for each cell."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from crisis.risks.matrix.models import RiskMatrixVersion
from crisis.risks.matrix.rules import AXES, LEVEL_LABELS, STEPS

NUMBERS = range(1, STEPS + 1)
ENDS = ("low", "high", "zh", "en")


class MatrixForm(WordsForm):
    """The content of a draft."""

    refusal_fields: dict[str, str] = {
        f"{axis}.{number}.{end}": f"{axis}_{number}_{end}"
        for axis in AXES
        for number in NUMBERS
        for end in ENDS
    } | {f"cells.{row}.{column}": f"cells_{row}_{column}" for row in NUMBERS for column in NUMBERS}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for axis, name in zip(AXES, (_("Likelihood"), _("Impact")), strict=True):
            for number in NUMBERS:
                self._add_band(f"{axis}_{number}", name, number)
        levels = [(level.value, label) for level, label in LEVEL_LABELS.items()]
        for row in NUMBERS:
            for column in NUMBERS:
                label = _("Level of likelihood %(row)s, impact %(column)s")
                words = label % {"row": row, "column": column}
                self.fields[f"cells_{row}_{column}"] = forms.ChoiceField(
                    label=words, choices=levels
                )

    def _add_band(self, prefix: str, axis: Any, number: int) -> None:
        words = {"axis": axis, "number": number}
        self.fields[f"{prefix}_low"] = forms.IntegerField(
            label=_("%(axis)s %(number)s, from (%%)") % words, min_value=0, max_value=100
        )
        self.fields[f"{prefix}_high"] = forms.IntegerField(
            label=_("%(axis)s %(number)s, to (%%)") % words, min_value=0, max_value=100
        )
        self.fields[f"{prefix}_zh"] = forms.CharField(
            label=_("%(axis)s %(number)s, name in Chinese") % words, max_length=40
        )
        self.fields[f"{prefix}_en"] = forms.CharField(
            label=_("%(axis)s %(number)s, name in English") % words, max_length=40
        )

    @classmethod
    def of(cls, version: RiskMatrixVersion) -> MatrixForm:
        """The form filled with a version's content."""
        initial: dict[str, Any] = {"revision": version.revision}
        for axis in AXES:
            for number, step in enumerate(getattr(version, axis), 1):
                initial |= {f"{axis}_{number}_{end}": step[end] for end in ENDS}
        for row, levels in enumerate(version.cells, 1):
            for column, level in enumerate(levels, 1):
                initial[f"cells_{row}_{column}"] = level
        return cls(initial=initial)

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        axes = {
            axis: [{end: data[f"{axis}_{number}_{end}"] for end in ENDS} for number in NUMBERS]
            for axis in AXES
        }
        cells = [[data[f"cells_{row}_{column}"] for column in NUMBERS] for row in NUMBERS]
        return {**axes, "cells": cells, "revision": data["revision"]}

    def bands(self) -> list[tuple[Any, list[list[BoundField]]]]:
        """Name of each axis with its bands: from, to, Chinese, English."""
        return [
            (name, [[self[f"{axis}_{number}_{end}"] for end in ENDS] for number in NUMBERS])
            for axis, name in zip(AXES, (_("Likelihood"), _("Impact")), strict=True)
        ]

    def grid(self) -> list[tuple[int, list[BoundField]]]:
        """The cells, most likely first, as they stand on the map."""
        return [
            (row, [self[f"cells_{row}_{column}"] for column in NUMBERS])
            for row in reversed(NUMBERS)
        ]
