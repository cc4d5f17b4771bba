"""Forms of several rows: each row's fields are numbered, blank rows at the end take new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

SPARE = 2  # blank rows below those that are filled


def rows_shown(data: Mapping[str, Any] | None, name: str, filled: int, limit: int) -> int:
    """How many rows of `name` a form has: as many as the page had that sent `data`, else those
    that are filled and some to spare; never more than `limit`."""
    given = str(data.get(f"rows_{name}", "")) if data is not None else ""
    wanted = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    return min(limit, max(wanted, filled) if data is not None else filled + SPARE)


def count_field(rows: int) -> forms.IntegerField:
    """Carries the number of rows from the page to the answer."""
    return forms.IntegerField(
        widget=forms.HiddenInput, initial=rows, required=False, min_value=0, max_value=999
    )
