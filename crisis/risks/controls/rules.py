"""Kinds of controls, how well they stand, and what they leave of a risk. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

MAX_STRENGTH = 90  # percent; no control takes a risk away
LEAST_LEFT = Fraction(1, 10)  # of an inherent likelihood or impact, whatever the controls


class Kind(StrEnum):
    """When a control acts."""

    PREVENTIVE = "preventive"
    DETECTIVE = "detective"
    CORRECTIVE = "corrective"


KIND_LABELS = {
    Kind.PREVENTIVE: _("Preventive"),
    Kind.DETECTIVE: _("Detective"),
    Kind.CORRECTIVE: _("Corrective"),
}


class Frequency(StrEnum):
    """How often a control is carried out."""

    CONTINUOUS = "continuous"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    AS_NEEDED = "as_needed"


FREQUENCY_LABELS = {
    Frequency.CONTINUOUS: _("All the time"),
    Frequency.DAILY: _("Daily"),
    Frequency.WEEKLY: _("Weekly"),
    Frequency.MONTHLY: _("Monthly"),
    Frequency.QUARTERLY: _("Quarterly"),
    Frequency.YEARLY: _("Yearly"),
    Frequency.AS_NEEDED: _("When it is needed"),
}


class Standing(StrEnum):
    """What the evidence says of a control."""

    WORKS = "works"
    STALE = "stale"
    FAILS = "fails"
    UNPROVEN = "unproven"


STANDING_LABELS = {
    Standing.WORKS: _("Works"),
    Standing.STALE: _("Evidence out of date"),
    Standing.FAILS: _("Does not work"),
    Standing.UNPROVEN: _("No evidence"),
}
# How much of a control's strength counts.
WEIGHT = {
    Standing.WORKS: Fraction(1),
    Standing.STALE: Fraction(1, 2),
    Standing.FAILS: Fraction(0),
    Standing.UNPROVEN: Fraction(0),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a control: how it stands, since when that is known, in words."""

    standing: Standing
    said: str | Promise
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One control against one risk: `strength` is the share in percent by which it lowers the
    likelihood (preventive) or the impact (detective, corrective) while it works."""

    kind: str
    strength: int
    standing: Standing


def left_over(inherent: tuple[int, int], effects: Iterable[Effect]) -> tuple[int, int]:
    """Likelihood and impact that the controls leave, in percent.

    Each control takes its strength, weighted by its evidence (works: all of it, out of date:
    half, does not work or no evidence: nothing), off what the others have left. At least a tenth
    of the inherent figure always stays. Rounded up.
    """
    left = [Fraction(1), Fraction(1)]
    for effect in effects:
        axis = 0 if effect.kind == Kind.PREVENTIVE else 1
        left[axis] *= 1 - Fraction(effect.strength, 100) * WEIGHT[effect.standing]
    likelihood, impact = (
        math.ceil(figure * max(share, LEAST_LEFT))
        for figure, share in zip(inherent, left, strict=True)
    )
    return likelihood, impact


def together(live: Evidence | None, manual: Evidence | None) -> Evidence:
    """How a control stands: by what the product itself sees, where it sees anything; otherwise
    by the newest note that somebody made."""
    if live is not None and live.standing != Standing.UNPROVEN:
        return live
    return manual or live or Evidence(Standing.UNPROVEN, _("Nobody has shown yet that it works."))


def clean_strength(raw: object) -> int:
    """A strength in percent, from 1 to 90; raises InvalidInput `strength`."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= MAX_STRENGTH:
        raise InvalidInput(
            _("Give a whole number from 1 to %(limit)s.") % {"limit": MAX_STRENGTH},
            field="strength",
        )
    return raw


def clean_evidence_days(on: dt.date, expires_on: dt.date, *, today: dt.date) -> None:
    """Evidence is of today or before, and expires later than it was; at most two years later.

    Raises InvalidInput `on` or `expires_on`.
    """
    if on > today:
        raise InvalidInput(_("This lies in the future."), code="future", field="on")
    if not dt.timedelta(0) < expires_on - on <= dt.timedelta(days=731):
        raise InvalidInput(
            _("Evidence expires after its own day, at most two years later."), field="expires_on"
        )
