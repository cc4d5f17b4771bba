"""When versions were used: asked of the apps above, which register here, so that first and last
use are kept in one place only (FINRA 2210(b)(4)(A)(i))."""

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
