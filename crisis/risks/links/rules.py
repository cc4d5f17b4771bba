"""What can be linked to what. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput


class Kind(StrEnum):
    """What stands at an end of a link. An alert is the ledger record of a signal or an alarm."""

    RISK = "risk"
    INCIDENT = "incident"
    NOTICE = "notice"
    ALERT = "alert"


KIND_LABELS = {
    Kind.RISK: _("Risk"),
    Kind.INCIDENT: _("Incident"),
    Kind.NOTICE: _("Notice"),
    Kind.ALERT: _("Alert"),
}
ORDER = {kind.value: rank for rank, kind in enumerate(Kind)}


class End(NamedTuple):
    """One end of a link."""

    kind: str
    id: UUID


def in_order(one: End, other: End) -> tuple[End, End]:
    """Both ends, always the same way round, so that a link and its mirror are one.

    Raises InvalidInput for an unknown kind, a thing linked to itself, and two alerts.
    """
    for end in (one, other):
        if end.kind not in ORDER:
            raise InvalidInput(_("Choose what to link."), field="kind")
    if one == other:
        raise InvalidInput(_("Nothing is linked to itself."), code="same", field="target")
    if one.kind == other.kind == Kind.ALERT:
        raise InvalidInput(_("Link alerts to a risk, an incident or a notice."), field="target")
    first, second = sorted((one, other), key=lambda end: (ORDER[end.kind], end.id))
    return first, second
