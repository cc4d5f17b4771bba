"""Indicators, their bands, and the arithmetic of effect. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text

LANGUAGES = ("zh-hans", "en")
MAX_ROWS = 40
BY_HAND = ""


class Better(StrEnum):
    """Which way is good."""

    HIGH = "high"
    LOW = "low"


BETTER_LABELS = {Better.HIGH: _("at least"), Better.LOW: _("at most")}


class Band(StrEnum):
    """How a value stands."""

    OK = "ok"
    WARN = "warn"
    BREACH = "breach"


BAND_LABELS = {Band.OK: _("Within"), Band.WARN: _("Near the limit"), Band.BREACH: _("Beyond")}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the table. Values are percent. `warn` and `limit` bound the bands: for one that
    is good when high, `limit` ≤ `warn`; when low, `warn` ≤ `limit`. `source` names a measure of
    the product; without one somebody writes the value down."""

    code: str
    name: Mapping[str, str]
    source: str
    better: str
    warn: Decimal
    limit: Decimal

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return self.name.get((get_language() or "").lower()) or next(iter(self.name.values()))

    def band(self, value: Decimal) -> Band:
        """How `value` stands; the limit itself is still within it."""
        sign = 1 if self.better == Better.HIGH else -1
        if (value - self.limit) * sign < 0:
            return Band.BREACH
        return Band.WARN if (value - self.warn) * sign < 0 else Band.OK


@dataclass(frozen=True, slots=True)
class Goals:
    """What the firm wants to reach. Incidence: changes in percent against the year before
    `counted_from`, one for each year after it (−20, −30, −50). `benchmark_minutes` is the response
    time that others need; the goal is `response_percent` of it. `benefit_ratio` is the benefit
    wanted for one unit of cost."""

    counted_from: dt.date
    incidence: tuple[int, ...]
    benchmark_minutes: int
    response_percent: int
    benefit_ratio: Decimal

    @property
    def goal_minutes(self) -> float:
        """The response time wanted, in minutes."""
        return self.benchmark_minutes * self.response_percent / 100


def indicator_of(row: Mapping[str, Any]) -> Indicator:
    """A stored row as the rules see it."""
    numbers = {name: Decimal(row[name]) for name in ("warn", "limit")}
    return Indicator(**{**row, **numbers})


def goals_of(raw: Mapping[str, Any]) -> Goals:
    """The stored goals as the rules see them."""
    return Goals(
        counted_from=dt.date.fromisoformat(raw["counted_from"]),
        incidence=tuple(raw["incidence"]),
        benchmark_minutes=raw["benchmark_minutes"],
        response_percent=raw["response_percent"],
        benefit_ratio=Decimal(raw["benefit_ratio"]),
    )


def stored(indicator: Indicator) -> dict[str, Any]:
    """A row as plain JSON; numbers as text, so that nothing is rounded."""
    row = asdict(indicator)
    return row | {"warn": str(indicator.warn), "limit": str(indicator.limit)}


def stored_goals(goals: Goals) -> dict[str, Any]:
    """Goals as plain JSON."""
    return {
        "counted_from": goals.counted_from.isoformat(),
        "incidence": list(goals.incidence),
        "benchmark_minutes": goals.benchmark_minutes,
        "response_percent": goals.response_percent,
        "benefit_ratio": str(goals.benefit_ratio),
    }


# Input ----------------------------------------------------------------------------------------


def clean_rows(raw: Sequence[Mapping[str, Any]], sources: frozenset[str]) -> list[Indicator]:
    """The rows of a draft; raises InvalidInput `rows.<n>.<field>`, counted from 1."""
    if len(raw) > MAX_ROWS:
        raise InvalidInput(_("At most %(limit)s rows.") % {"limit": MAX_ROWS}, field="rows")
    rows = [_clean_row(row, f"rows.{number}", sources) for number, row in enumerate(raw, 1)]
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        if row.code in seen:
            raise InvalidInput(
                _("This code is used twice."), code="duplicate", field=f"rows.{number}.code"
            )
        seen.add(row.code)
    return rows


def _clean_row(row: Mapping[str, Any], place: str, sources: frozenset[str]) -> Indicator:
    code = clean_text(row.get("code"), field=f"{place}.code", limit=40)
    if not code.replace("_", "").isalnum() or not code.isascii() or code != code.lower():
        raise InvalidInput(_("Use a–z, 0–9 and _."), code="invalid", field=f"{place}.code")
    names = row.get("name") or {}
    name = {
        language: clean_text(names.get(language), field=f"{place}.name.{language}", limit=120)
        for language in LANGUAGES
    }
    for language, text in name.items():
        if not text:
            raise InvalidInput(
                _("Say this in Simplified Chinese and in English."),
                code="required",
                field=f"{place}.name.{language}",
            )
    source, better = str(row.get("source") or BY_HAND), str(row.get("better") or "")
    if source not in sources | {BY_HAND}:
        raise InvalidInput(_("The product has no such measure."), field=f"{place}.source")
    if better not in set(Better):
        raise InvalidInput(_("Say which way is good."), field=f"{place}.better")
    warn = percent(row.get("warn"), f"{place}.warn")
    limit = percent(row.get("limit"), f"{place}.limit")
    if (warn - limit) * (1 if better == Better.HIGH else -1) < 0:
        raise InvalidInput(
            _("The warning must come before the limit."), code="order", field=f"{place}.warn"
        )
    return Indicator(code, name, source, better, warn, limit)


def percent(raw: object, field: str) -> Decimal:
    """A share in percent with at most three decimals; raises InvalidInput."""
    try:
        value = Decimal(str(raw).strip())
    except InvalidOperation:
        raise InvalidInput(_("Give a number from 0 to 100."), field=field) from None
    if not value.is_finite() or not 0 <= value <= 100 or value != round(value, 3):
        raise InvalidInput(_("Give a number from 0 to 100."), field=field)
    return value.normalize() if value else Decimal(0)


def clean_goals(raw: Mapping[str, Any]) -> Goals:
    """The goals of a draft; raises InvalidInput `goals.<field>`."""
    try:
        counted_from = dt.date.fromisoformat(str(raw.get("counted_from")))
    except ValueError:
        raise InvalidInput(_("Give a date."), field="goals.counted_from") from None
    incidence = tuple(_whole(each, "goals.incidence", -100, 0) for each in raw["incidence"])
    if not incidence:
        raise InvalidInput(_("Give a goal for one year at least."), field="goals.incidence")
    try:
        ratio = Decimal(str(raw.get("benefit_ratio")))
    except InvalidOperation:
        ratio = Decimal(-1)
    if not ratio.is_finite() or not 0 < ratio <= 1000:
        raise InvalidInput(_("Give a number above 0."), field="goals.benefit_ratio")
    return Goals(
        counted_from,
        incidence,
        _whole(raw.get("benchmark_minutes"), "goals.benchmark_minutes", 1, 10_000),
        _whole(raw.get("response_percent"), "goals.response_percent", 1, 100),
        ratio,
    )


def _whole(raw: object, field: str, least: int, most: int) -> int:
    try:
        value = int(str(raw).strip())
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise InvalidInput(
            _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most},
            field=field,
        )
    return value


# Arithmetic -----------------------------------------------------------------------------------


def month_of(day: dt.date) -> dt.date:
    """The first day of its month."""
    return day.replace(day=1)


def months_before(month: dt.date, count: int) -> dt.date:
    """The month `count` months before."""
    whole = month.year * 12 + month.month - 1 - count
    return dt.date(whole // 12, whole % 12 + 1, 1)


def change_percent(before: int, now: int) -> int | None:
    """The change in percent, rounded; None when there was nothing to compare with."""
    return round(100 * (now - before) / before) if before else None


def goal_for(goals: Goals, day: dt.date) -> int | None:
    """The change wanted in the year of `day`, counted from `counted_from`; the last goal holds
    on. None before that day."""
    if day < goals.counted_from:
        return None
    year = (day - goals.counted_from).days // 365
    return goals.incidence[min(year, len(goals.incidence) - 1)]


def median(values: Sequence[float]) -> float | None:
    """The middle value; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def downtime_minutes(
    spans: Sequence[tuple[dt.datetime, dt.datetime]], start: dt.datetime, end: dt.datetime
) -> float:
    """Minutes within [start, end) that lie in any of `spans`; what overlaps counts once."""
    cut = sorted((max(a, start), min(b, end)) for a, b in spans if a < end and b > start)
    total, reached = 0.0, start
    for a, b in cut:
        if b > reached:
            total += (b - max(a, reached)).total_seconds()
            reached = b
    return total / 60
