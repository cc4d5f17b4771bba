"""Starting, meeting, pausing and watching clocks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from core.actor import Actor

if TYPE_CHECKING:
    from crisis.incidents.models import Incident


def at_moment(
    *, incident: Incident, moment: str, at: dt.datetime, actor: Actor, now: dt.datetime
) -> None:
    """Start the clocks of `incident` that begin at `moment`, which was reached at `at`."""
