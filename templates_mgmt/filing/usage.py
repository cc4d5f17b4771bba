"""When versions were used: asked of the apps above, which register here, so that first and last
use are kept in one place only (FINRA 2210(b)(4)(A)(i)); and how many they went out to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Use:
    """First and last use of a version; `going` uses are not over yet."""

    first: dt.datetime
    last: dt.datetime
    count: int
    going: int = 0


Source = Callable[[Collection[UUID]], Mapping[UUID, Use]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Add a source of uses, once; call it from an app's `ready()`."""
    if source not in _sources:
        _sources.append(source)
    return source


def uses_of(versions: Collection[UUID]) -> dict[UUID, Use]:
    """First and last use of those versions that were used, over all sources."""
    found: dict[UUID, Use] = {}
    for source in _sources if versions else ():
        for version, use in source(versions).items():
            found[version] = _joined(found[version], use) if version in found else use
    return found


def _joined(one: Use, other: Use) -> Use:
    return Use(
        min(one.first, other.first),
        max(one.last, other.last),
        one.count + other.count,
        one.going + other.going,
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """The most different investors that a version went out to within any 30 calendar days (FINRA
    2210(a)(2)): `people` of them from the day `since`, and `everybody` it ever went out to."""

    people: int
    since: dt.date
    everybody: int


ReachSource = Callable[[Collection[UUID]], Mapping[UUID, Reach]]
_reach: list[ReachSource] = []


def register_reach(source: ReachSource) -> ReachSource:
    """Make `source` the one that counts; call it from an app's `ready()`."""
    _reach[:] = [source]
    return source


def reach_of(versions: Collection[UUID]) -> Mapping[UUID, Reach]:
    """How many investors those versions reached that went out at all."""
    return _reach[0](versions) if _reach and versions else {}
