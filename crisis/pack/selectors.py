"""Reads of packs."""

from __future__ import annotations

import datetime as dt

from core.access import require
from core.actor import Actor
from core.roles import Capability
from crisis.pack.models import Pack

FRESH = dt.timedelta(hours=26)  # made daily, with two hours to spare
LISTED = 10


def packs(actor: Actor) -> list[Pack]:
    """The newest packs, without their files."""
    require(actor, Capability.CRISIS_VIEW)
    return list(Pack.objects.defer("page", "pdf")[:LISTED])


def newest() -> Pack | None:
    """The newest pack, without its files; one query."""
    return Pack.objects.defer("page", "pdf").first()


def is_stale(pack: Pack | None, now: dt.datetime) -> bool:
    """Whether the daily pack was not made; `pack` is the newest."""
    return pack is None or now - pack.made_at > FRESH
