"""What a task of the overview is, and what the areas share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from core.actor import Actor
from core.roles import Capability as C

EACH = 6  # things to do of one kind that are listed by name


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the reader. `since` is when it began to wait."""

    icon: str
    what: str | Promise
    title: str
    since: dt.datetime | None
    url: str


def address(*routes: str, args: Iterable[object] = ()) -> str:
    """The address of the first of `routes` that exists; blank when none does."""
    for route in routes:
        try:
            return reverse(route, args=list(args))
        except NoReverseMatch:
            continue
    return ""


def own_lines(rows: Any, actor: Actor, path: str) -> Any:
    """Rows of the actor's business lines; `path` leads from a row to its line."""
    if C.LINES_ALL in actor.capabilities:
        return rows
    return rows.filter(**{f"{path}__in": actor.lines})
