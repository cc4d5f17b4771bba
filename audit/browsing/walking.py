"""The order in which a search for words reads the months. Pure.

The index of words gives no order, so a word that stands in every second record would be fetched
from all months before the newest fifty are known. A walk asks month by month, in the order of the
page, and ends when the page is full. Steps grow, so that a rare word costs few questions more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from audit.browsing.questions import EPOCH, Term, first_id

STEPS = (1, 1, 1, 2, 4, 8, 16)
"""Months in each step; what lies beyond them comes in one."""
_MONTHS_LIMIT = 10_000 * 12  # the month after the last of the calendar


def steps(place: UUID | None, order: str, *, now: dt.datetime) -> Iterator[Term]:
    """Ranges of ids that follow each other in `order` (ASC or DESC) and cover all of them, the
    first one around `place`, or around `now` when the page has no place yet."""
    month = _month(instant_of(place) if place else now)
    back = order == "DESC"
    edge = month if back else month + 1
    yield Term("r.id >= %s" if back else "r.id < %s", (_first(edge),))
    for size in STEPS:
        following = max(edge - size, 0) if back else min(edge + size, _MONTHS_LIMIT)
        low, high = sorted((edge, following))
        yield Term("r.id >= %s AND r.id < %s", (_first(low), _first(high)))
        edge = following
    yield Term("r.id < %s" if back else "r.id >= %s", (_first(edge),))


def instant_of(id: UUID) -> dt.datetime:
    """The time in a UUIDv7, to the millisecond; the calendar's end bounds it."""
    try:
        return EPOCH + dt.timedelta(milliseconds=id.int >> 80)
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def _month(instant: dt.datetime) -> int:
    """Months since the year 0."""
    day = instant.astimezone(dt.UTC)
    return day.year * 12 + day.month - 1


def _first(month: int) -> UUID:
    """The smallest id of a month; the calendar bounds it."""
    year, rest = divmod(month, 12)
    if year < EPOCH.year:
        return UUID(int=0)
    if year > dt.MAXYEAR:
        return UUID(int=2**128 - 1)
    return first_id(dt.datetime(year, rest + 1, 1, tzinfo=dt.UTC))
