"""Criteria in words, a line each, for comparing two versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _text

from crisis.criteria.rules import Criterion
from crisis.incidents.rules import NATURE_LABELS, Nature


def text_of(criteria: Iterable[Criterion]) -> str:
    """The criteria in the language of the reader."""
    return "\n".join(_line(each) for each in criteria)


def window_words(criterion: Criterion) -> str:
    """The window, in words; empty: none."""
    return _text("%(n)s min") % {"n": criterion.window} if criterion.window else ""


def nature_words(criterion: Criterion) -> str:
    """The nature of the incident, in words."""
    return str(NATURE_LABELS[Nature(criterion.nature)])


def _line(criterion: Criterion) -> str:
    return _text(
        "%(name)s (%(code)s): %(measure)s %(condition)s; %(combine)s, window %(window)s; "
        "source %(source)s; nature %(nature)s; %(state)s"
    ) % {
        "name": " / ".join(criterion.name.values()), "code": criterion.code,
        "measure": criterion.measure, "condition": criterion.condition,
        "combine": criterion.combine_label, "window": window_words(criterion) or "–",
        "source": criterion.source or _text("any"), "nature": nature_words(criterion),
        "state": _text("on") if criterion.enabled else _text("off"),
    }  # fmt: skip
