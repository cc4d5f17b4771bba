"""Every page of an area keeps the area's entry of the rail lit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLResolver, get_resolver

from portal.context import RAIL

AREAS = {
    "templates", "notices", "investors", "audit", "exports", "retention", "holds", "crisis",
    "incidents", "risks", "handbook",
}  # fmt: skip
NO_PAGE = {"unsaved-drop"}  # answers by leading elsewhere


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, path)
        elif each.name:
            yield path, each.name


@pytest.mark.parametrize("area", sorted(AREAS))
def test_every_route_of_an_area_belongs_to_an_entry(area):
    names = {name for path, name in routes(get_resolver()) if path.split("/")[0] == area}
    lit = tuple(prefix for entry in RAIL for prefix in entry.owns)
    assert names
    assert {name for name in names if not name.startswith(lit)} <= NO_PAGE
