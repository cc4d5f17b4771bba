"""Scenes of lists: taken away as a table, and saved views."""

from __future__ import annotations

from audit.listing import services as listing
from core import clock
from core.lists import services as lists
from core.roles import Role
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import call
from tests.core.builders import actor_of, make_user

VIEW = {"list_name": "notice-list", "name": "Going out", "query": "state=sending"}


@scene("audit.listing.services.export_list")
def _export() -> Act:
    words = {"list_name": "notices", "columns": ["a"], "rows": [["b"]], "filters": {}}
    return call(listing.export_list, actor=actor_of(make_user(Role.AUDITOR)), **words)


@scene("core.lists.services.save_view")
def _save() -> Act:
    return call(lists.save_view, actor=actor_of(make_user(Role.AUDITOR)), **VIEW)


@scene("core.lists.services.remove_view")
def _remove() -> Act:
    actor = actor_of(make_user(Role.AUDITOR))
    view = lists.save_view(actor=actor, now=clock.now(), **VIEW)
    return call(lists.remove_view, view_id=view.pk, actor=actor)
