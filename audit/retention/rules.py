"""How long a record must be kept, and why: pure decisions over a schedule that compliance edits.

A duty ("at least") says that a record may not go before its day; a limit ("at most") says that
it should go after its day. Among duties the longest wins, a duty wins over a limit, and a legal
hold wins over everything. Days are calendar days: a record is kept until the end of its last
day everywhere on earth, so no time zone makes a day come early.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

EARLIEST, LATEST = dt.timedelta(hours=-12), dt.timedelta(hours=14)  # the zones of the earth
DEFAULT_KIND = "business"  # what nobody assigned is kept as a business record


class Jurisdiction(StrEnum):
    """Whose law applies; a firm may be under several at once."""

    CN = "CN"
    US = "US"
    EU = "EU"


class Bound(StrEnum):
    """What a rule bounds."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Unit(StrEnum):
    """The unit of a period."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


class Basis(StrEnum):
    """What the period counts from: the record itself, or the end of the relationship."""

    RECORD = "record"
    RELATIONSHIP = "relationship"


class Kind(StrEnum):
    """Kinds of records, to which rules apply."""

    COMMUNICATION = "communication"
    BUSINESS = "business"
    BOOKS = "books"
    IDENTITY = "identity"
    ASSESSMENT = "assessment"
    TELEMETRY = "telemetry"
    MONITORING = "monitoring"


@dataclass(frozen=True, slots=True)
class Rule:
    """One retention class. Empty `jurisdictions`: everywhere."""

    code: str
    name: str
    source: str
    kinds: frozenset[str]
    jurisdictions: frozenset[str]
    amount: int
    unit: Unit
    bound: Bound = Bound.AT_LEAST
    basis: Basis = Basis.RECORD
    active: bool = True

    def applies(self, kind: str, jurisdictions: frozenset[str]) -> bool:
        """Whether the rule is in force for that kind under any of `jurisdictions`."""
        here = not self.jurisdictions or bool(self.jurisdictions & jurisdictions)
        return self.active and kind in self.kinds and here


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something may not be erased yet. `until` is the last day on which it is kept; None:
    there is no end yet (a hold in force, a relationship that goes on)."""

    type: str  # duty | hold
    rule: str
    source: str
    until: dt.date | None


def add(day: dt.date, amount: int, unit: Unit) -> dt.date:
    """The day `amount` units later. A day that the month does not have becomes the first of the
    next (29 February + 1 year = 1 March), so that a period is never cut short. The calendar's
    end (year 9999) bounds the result."""
    try:
        if unit is Unit.DAYS:
            return day + dt.timedelta(days=amount)
        months = day.year * 12 + day.month - 1 + amount * (12 if unit is Unit.YEARS else 1)
        year, month = months // 12, months % 12 + 1
        if day.day <= monthrange(year, month)[1]:
            return dt.date(year, month, day.day)
        return dt.date(year, month, monthrange(year, month)[1]) + dt.timedelta(days=1)
    except (OverflowError, ValueError):
        return dt.date.max


def first_day(instant: dt.datetime) -> dt.date:
    """The calendar day from which a period that starts at `instant` counts: the latest that it
    is anywhere."""
    return (instant.astimezone(dt.UTC) + LATEST).date()


def today(now: dt.datetime) -> dt.date:
    """The calendar day that has begun everywhere: the earliest that it is anywhere."""
    return (now.astimezone(dt.UTC) + EARLIEST).date()


def is_over(until: dt.date | None, now: dt.datetime) -> bool:
    """Whether the last day of keeping has ended everywhere."""
    return until is not None and until < today(now)


def kinds_of(action: str, assignments: Iterable[Sequence[str]]) -> frozenset[str]:
    """The kinds of an action (or of an object `kind:id`): those of the longest prefix that is
    assigned; a business record when none is."""
    best = -1
    kinds: set[str] = set()
    for prefix, kind in assignments:
        if action.startswith(prefix) and len(prefix) >= best:
            kinds = kinds | {kind} if len(prefix) == best else {kind}
            best = len(prefix)
    return frozenset(kinds) or frozenset({DEFAULT_KIND})


def duty_end(
    rule: Rule, start: dt.datetime, relationship_end: dt.datetime | None
) -> dt.date | None:
    """The last day under one rule; None while the relationship that it counts from goes on."""
    if rule.basis is Basis.RECORD:
        return add(first_day(start), rule.amount, rule.unit)
    if relationship_end is None:
        return None
    return add(first_day(max(start, relationship_end)), rule.amount, rule.unit)


def due_day(
    rules: Iterable[Rule],
    *,
    kind: str,
    jurisdictions: frozenset[str],
    start: dt.datetime,
    relationship_end: dt.datetime | None = None,
) -> dt.date | None:
    """The last day on which a record is kept; it is due the day after. None: never, because the
    relationship goes on or no rule says anything of this kind.

    The longest duty wins; limits count only where there is no duty, the shortest first.
    """
    found = [rule for rule in rules if rule.applies(kind, jurisdictions)]
    duties = [rule for rule in found if rule.bound is Bound.AT_LEAST]
    ends = [duty_end(rule, start, relationship_end) for rule in duties or found]
    if not ends or None in ends:
        return None
    days = [end for end in ends if end is not None]
    return max(days) if duties else min(days)


def duties(
    rules: Iterable[Rule],
    *,
    last_by_kind: Mapping[str, dt.datetime],
    jurisdictions: frozenset[str],
    relationship_end: dt.datetime | None,
    now: dt.datetime,
) -> list[Reason]:
    """The duties that forbid to erase a subject now, longest first; one reason for each rule.

    `last_by_kind` holds the newest record of each kind: older ones end earlier.
    """
    reasons = []
    for rule in rules:
        if rule.bound is not Bound.AT_LEAST:
            continue
        starts = [
            start for kind, start in last_by_kind.items() if rule.applies(kind, jurisdictions)
        ]
        if not starts:
            continue
        until = duty_end(rule, max(starts), relationship_end)
        if not is_over(until, now):
            reasons.append(Reason("duty", rule.name, rule.source, until))
    return sorted(reasons, key=lambda reason: reason.until or dt.date.max, reverse=True)
