"""Panels that apps above this one add to a record's page (what an alarm is linked to, say)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.models import Record

Panel = Callable[[HttpRequest, Record], SafeString]

_panels: list[Panel] = []


def register(panel: Panel) -> Panel:
    """Add `panel`, once; call it from an app's `ready()`. A blank answer shows nothing."""
    if panel not in _panels:
        _panels.append(panel)
    return panel


def rendered(request: HttpRequest, record: Record) -> list[SafeString]:
    """The HTML of every panel that has something to show."""
    return [html for panel in _panels if (html := panel(request, record))]
