"""When a measure starts an incident. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text
from crisis.incidents.rules import Nature
from crisis.plans.rules import spoken

MAX_CRITERIA = 30
MAX_WINDOW = 31 * 24 * 60  # minutes
# A signal that is attached to an open incident stands on its timeline once in so long.
NOTED_EVERY = dt.timedelta(minutes=15)
MAX_VALUE = Decimal(10) ** 12
CODE = re.compile(r"[a-z][a-z0-9_]{0,38}")


class Comparison(StrEnum):
    """How a value is held against the threshold."""

    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


COMPARISON_LABELS = {
    Comparison.GT: _("more than"),
    Comparison.GE: _("at least"),
    Comparison.LT: _("less than"),
    Comparison.LE: _("at most"),
}


class Combine(StrEnum):
    """What is held against the threshold: each value, or the sum of those in the window."""

    VALUE = "value"
    SUM = "sum"


COMBINE_LABELS = {
    Combine.VALUE: _("Each value"),
    Combine.SUM: _("The sum over the window"),
}


class Outcome(StrEnum):
    """What a signal led to."""

    NOTHING = "nothing"
    OPENED = "opened"
    ATTACHED = "attached"


OUTCOME_LABELS = {
    Outcome.NOTHING: _("Nothing"),
    Outcome.OPENED: _("Started an incident"),
    Outcome.ATTACHED: _("Joined an open incident"),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `window` in minutes: the time that a sum or a rate is over; 0: none. An
    empty `source` takes the measure from whoever reports it. `nature` is that of the incident."""

    code: str
    name: Mapping[str, str]
    measure: str
    comparison: str
    threshold: Decimal
    unit: str
    window: int
    combine: str
    source: str
    nature: str
    enabled: bool

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return spoken(self.name)

    @property
    def condition(self) -> str:
        """Comparison, threshold and unit, in words."""
        return f"{COMPARISON_LABELS[Comparison(self.comparison)]} {self.threshold} {self.unit}"

    @property
    def combine_label(self) -> str:
        """What is held against the threshold, in words."""
        return str(COMBINE_LABELS[Combine(self.combine)])

    def looks_at(self, measure: str, source: str) -> bool:
        """Whether a value of that measure from that source concerns it."""
        return self.enabled and self.measure == measure and self.source in {"", source}

    def met_by(self, value: Decimal) -> bool:
        """Whether `value` reaches the threshold."""
        match self.comparison:
            case Comparison.GT:
                return value > self.threshold
            case Comparison.GE:
                return value >= self.threshold
            case Comparison.LT:
                return value < self.threshold
            case _:
                return value <= self.threshold


@dataclass(frozen=True, slots=True)
class Observation:
    """A value of a measure, as somebody reported it."""

    source: str
    measure: str
    value: Decimal
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """A criterion that an observation met, and the value that was held against it."""

    code: str
    at: dt.datetime
    value: Decimal


def read(content: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """The criteria of a version."""
    return tuple(
        Criterion(**{**row, "threshold": Decimal(row["threshold"])})
        for row in content.get("criteria", ())
    )


def replay(criteria: Sequence[Criterion], seen: Iterable[Observation]) -> list[Firing]:
    """What `criteria` would have made of past observations, each held against what was known at
    its time."""
    ordered = sorted(seen, key=lambda each: each.at)
    return [
        Firing(criterion.code, each.at, value)
        for criterion in criteria
        for number, each in enumerate(ordered)
        if criterion.looks_at(each.measure, each.source)
        and criterion.met_by(value := _value(criterion, ordered, number))
    ]


def _value(criterion: Criterion, ordered: Sequence[Observation], number: int) -> Decimal:
    each = ordered[number]
    if criterion.combine != Combine.SUM:
        return each.value
    since = each.at - dt.timedelta(minutes=criterion.window)
    total = Decimal(0)
    for other in reversed(ordered[: number + 1]):
        if other.at <= since:
            break
        if criterion.looks_at(other.measure, other.source):
            total += other.value
    return total


def dedupe_of(code: str) -> str:
    """The key by which signals of one criterion find the incident that it opened."""
    return f"criterion:{code}"


# --- input ----------------------------------------------------------------------------------


def clean(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a version, checked. Raises InvalidInput whose field names the row, as
    `criteria.2.threshold`."""
    rows = list(raw.get("criteria") or ())
    if not rows or len(rows) > MAX_CRITERIA:
        raise InvalidInput(
            _("Give 1 to %(limit)s criteria.") % {"limit": MAX_CRITERIA}, field="criteria"
        )
    criteria = [_clean_row(row, f"criteria.{number}") for number, row in enumerate(rows, 1)]
    codes = [row["code"] for row in criteria]
    if len(codes) != len(set(codes)):
        raise InvalidInput(_("A code stands there twice."), code="repeated", field="criteria")
    return {"v": 1, "criteria": criteria}


def _clean_row(row: Mapping[str, Any], field: str) -> dict[str, Any]:
    combine = _one_of(row.get("combine"), set(Combine), f"{field}.combine")
    window = _window(row.get("window"), f"{field}.window")
    if combine == Combine.SUM and not window:
        raise InvalidInput(_("A sum needs a window."), code="required", field=f"{field}.window")
    name = {
        language: clean_text((row.get("name") or {}).get(language), field=f"{field}.name", limit=80)
        for language in ("zh-hans", "en")
    }
    if not all(name.values()):
        raise InvalidInput(
            _("Say this in Simplified Chinese and in English."), code="required",
            field=f"{field}.name",
        )  # fmt: skip
    source = str(row.get("source") or "").strip()
    return {
        "code": _code(row.get("code"), f"{field}.code"),
        "name": name,
        "measure": _code(row.get("measure"), f"{field}.measure"),
        "comparison": _one_of(row.get("comparison"), set(Comparison), f"{field}.comparison"),
        "threshold": f"{number(row.get('threshold'), f'{field}.threshold'):f}",
        "unit": clean_text(row.get("unit"), field=f"{field}.unit", limit=30),
        "window": window,
        "combine": combine,
        "source": _code(source, f"{field}.source") if source else "",
        "nature": _one_of(row.get("nature"), set(Nature), f"{field}.nature"),
        "enabled": bool(row.get("enabled")),
    }


def number(raw: Any, field: str) -> Decimal:
    """A number with at most three decimals, up to a million million either way; raises
    InvalidInput `field`."""
    try:
        value = Decimal(str(raw).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > MAX_VALUE or value != round(value, 3):
        raise InvalidInput(
            _("Give a number with at most three decimals."), code="invalid", field=field
        )
    return value


def _code(raw: Any, field: str) -> str:
    code = str(raw or "").strip()
    if not CODE.fullmatch(code):
        raise InvalidInput(_("A code has a–z, 0–9 and _, a letter first."), field=field)
    return code


def _one_of(raw: Any, known: set[Any], field: str) -> str:
    value = str(raw or "")
    if value not in known:
        raise InvalidInput(_("Choose one."), code="invalid_choice", field=field)
    return value


def _window(raw: Any, field: str) -> int:
    try:
        minutes = int(raw or 0)
    except (TypeError, ValueError):
        minutes = -1
    if not 0 <= minutes <= MAX_WINDOW:
        raise InvalidInput(_("Give whole minutes, at most 31 days."), code="invalid", field=field)
    return minutes
