"""Which witnesses' alarms stand, and which of them a person may close."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from audit.models import Attestor, SoundedAlarm
from audit.witnessing.policy import witnesses

REFUSED = "audit.witness_refused"


@dataclass(frozen=True, slots=True)
class WitnessAlarm:
    """A standing alarm of one witness: since when, and whether it is still asked. While it is,
    the alarm ends when it cosigns again; after that, when a person closes it."""

    witness: str
    since: dt.datetime
    asked: bool


def standing_alarms() -> list[WitnessAlarm]:
    """The witnesses whose refusal stands, by name."""
    asked = {each.key.name for each in witnesses() if each.url}
    newest: dict[str, dt.datetime] = {}
    for name, at in open_alarms().order_by("at").values_list("witness", "at"):
        newest[name] = at
    return [WitnessAlarm(name, newest[name], name in asked) for name in sorted(newest)]


def open_alarms() -> QuerySet[SoundedAlarm]:
    """The refusals of witnesses that neither a later cosignature nor a person ended."""
    ended = Attestor.objects.filter(
        name__startswith=Concat(OuterRef("witness"), Value("+")), held_at__gt=OuterRef("at")
    )
    return SoundedAlarm.objects.filter(~Exists(ended), action=REFUSED, closed=None)
