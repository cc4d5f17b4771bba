"""Rounds: which there are, and whether one is missing."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.risks.rounds.models import Attendance, Round
from crisis.risks.rounds.rules import Presence, State
from crisis.risks.rules import quarter_of


def rounds(actor: Actor) -> QuerySet[Round]:
    """All rounds, with how many came and how many risks they raised."""
    require(actor, Capability.RISK_VIEW)
    present = Count("attendance", filter=Q(attendance__presence=Presence.PRESENT), distinct=True)
    raised = Count("risks", distinct=True)
    return Round.objects.select_related("chair").annotate(present=present, raised=raised)


def round_for(actor: Actor, round_id: UUID) -> Round:
    """One round; raises NotFound."""
    found = rounds(actor).filter(pk=round_id).first()
    if found is None:
        raise NotFound(_("There is no such round."))
    return found


def attendance_of(found: Round) -> list[Attendance]:
    """Who took part, by department."""
    return list(found.attendance.select_related("person"))


def going_on() -> QuerySet[Round]:
    """Rounds in which risks can be raised."""
    return Round.objects.filter(state=State.PLANNED).order_by("planned_on")


def overdue(today: dt.date) -> list[Round]:
    """Rounds that should have been held."""
    return list(going_on().filter(planned_on__lt=today).select_related("chair")[:20])


def is_missing(today: dt.date) -> bool:
    """Whether this quarter has no round, neither planned nor held."""
    alive = Round.objects.exclude(state=State.CANCELLED)
    return not alive.filter(quarter=quarter_of(today)).exists()
