"""What the forms of templates share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms


def choices_of(labels: Mapping[Any, Any], blank: Any = None) -> list[tuple[str, Any]]:
    """Choices of a form from a table of labels, after a blank one called `blank`."""
    listed = [(str(value), label) for value, label in labels.items()]
    return [("", blank), *listed] if blank is not None else listed


def text_area(rows: int) -> forms.Textarea:
    """A field for several lines."""
    return forms.Textarea(attrs={"rows": rows})
