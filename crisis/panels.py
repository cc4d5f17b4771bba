"""Panels of the incident page: each part of crisis brings its own.

A part registers in its `panels.py`, which `crisis/apps.py` imports when the app is ready:

    register("clocks", 20, build)

`build(incident, actor, now)` answers the context of the panel, with its template under
"template", or None when there is nothing to show to this actor. It reads in a fixed number of
queries and never writes. Panels stand on the page in the order of their numbers; the ones of
incidents itself are 10 (next duty), 60 (what is hit), 70 (who), 90 (all moves).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.actor import Actor
from crisis.incidents.models import Incident

Build = Callable[[Incident, Actor, dt.datetime], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the incident page."""

    name: str
    order: int
    build: Build


_panels: dict[str, Panel] = {}


def register(name: str, order: int, build: Build) -> None:
    """Put a panel on the incident page; the same name again replaces it."""
    _panels[name] = Panel(name, order, build)


def built(incident: Incident, actor: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """The contexts of the panels that have something to show, in their order, each with its
    `name` and `template`."""
    shown = []
    for panel in sorted(_panels.values(), key=lambda panel: (panel.order, panel.name)):
        context = panel.build(incident, actor, now)
        if context is not None:
            shown.append({"name": panel.name, **context})
    return shown
