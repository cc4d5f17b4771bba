"""Panels that apps above this one add to a notice's page (what it is linked to, for example)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.safestring import SafeString

from comms.models import Notice

Panel = Callable[[HttpRequest, Notice], SafeString]

_panels: list[Panel] = []


def register(panel: Panel) -> Panel:
    """Add `panel`, once; call it from an app's `ready()`. A blank answer shows nothing."""
    if panel not in _panels:
        _panels.append(panel)
    return panel


def rendered(request: HttpRequest, notice: Notice) -> list[SafeString]:
    """The HTML of every panel that has something to show."""
    return [html for panel in _panels if (html := panel(request, notice))]
