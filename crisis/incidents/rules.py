"""States, natures, moments and entries of an incident. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import InvalidInput
from core.transitions import Machine, Move

# An entry that tells of something longer ago than this is marked as back-dated.
BACKDATED_AFTER = dt.timedelta(minutes=5)
MAX_ENTRY = 4000  # characters
OLDEST = dt.timedelta(days=3653)
MAX_FILE = 10 * 1024 * 1024  # bytes of one attachment
MAX_FILES = 5  # attachments of one entry
LEAD = "lead"  # the role of who leads; all others are codes of the frozen plan
SCOPE_LISTS = ("systems", "branches", "products", "channels")


class State(StrEnum):
    """Where an incident stands."""

    ALARMED = "alarmed"
    VERIFIED = "verified"
    RESTORED = "restored"
    CLOSED = "closed"
    DISMISSED = "dismissed"


STATE_LABELS = {
    State.ALARMED: _("To be verified"),
    State.VERIFIED: _("Being handled"),
    State.RESTORED: _("Restored"),
    State.CLOSED: pgettext_lazy("incident", "Closed"),
    State.DISMISSED: _("False alarm"),
}
OPEN = frozenset({State.ALARMED, State.VERIFIED, State.RESTORED})

MACHINE = Machine(
    name="incident",
    moves={
        (State.ALARMED, State.VERIFIED): Move("verify"),
        (State.ALARMED, State.DISMISSED): Move("dismiss", reason=True),
        (State.VERIFIED, State.DISMISSED): Move("dismiss", reason=True),
        (State.VERIFIED, State.RESTORED): Move("restore"),
        (State.RESTORED, State.VERIFIED): Move("relapse", reason=True),
        (State.RESTORED, State.CLOSED): Move("close", reason=True),
    },
)


class Nature(StrEnum):
    """What kind of trouble it is (C2)."""

    TECHNICAL = "technical"
    LEAK = "leak"
    MARKET = "market"
    COMPLAINTS = "complaints"
    LEDGER = "ledger"
    THIRD_PARTY = "third_party"
    OTHER = "other"


NATURE_LABELS = {
    Nature.TECHNICAL: _("System failure"),
    Nature.LEAK: _("Data leak"),
    Nature.MARKET: _("Market turmoil"),
    Nature.COMPLAINTS: _("Wave of complaints"),
    Nature.LEDGER: _("Ledger check failed"),
    Nature.THIRD_PARTY: _("Failure at a third party"),
    Nature.OTHER: _("Other"),
}


class Tier(StrEnum):
    """The two tiers that ship; a plan may know more levels under other codes (C3)."""

    GENERAL = "general"
    MAJOR = "major"


class MomentKind(StrEnum):
    """Instants of an incident at which duties begin (clocks.md, column “starts when”)."""

    ACTIVATED = "activated"
    AWARE = "aware"
    VERIFIED = "verified"
    MAJOR = "classified_major"
    LEAK = "leak_possible"
    MATERIAL = "materiality_determined"
    NOT_RESTORED = "not_restored_30_min"
    PAID = "extortion_paid"
    RESTORED = "restored"
    CLOSED = "closed"


MOMENT_LABELS = {
    MomentKind.ACTIVATED: _("Activated"),
    MomentKind.AWARE: _("The firm became aware"),
    MomentKind.VERIFIED: _("Verified"),
    MomentKind.MAJOR: _("Classified as major"),
    MomentKind.LEAK: _("A leak is possible"),
    MomentKind.MATERIAL: _("Found to be material"),
    MomentKind.NOT_RESTORED: _("Not restorable within 30 minutes"),
    MomentKind.PAID: _("Extortion was paid"),
    MomentKind.RESTORED: _("Restored"),
    MomentKind.CLOSED: pgettext_lazy("incident", "Closed"),
}


class EntryKind(StrEnum):
    """What a line of the timeline tells of."""

    NOTE = "note"
    STATE = "state"
    SIGNAL = "signal"
    CLOCK = "clock"
    ROLE = "role"
    CALL = "call"
    COMMUNICATION = "communication"
    REPORT = "report"


ENTRY_LABELS = {
    EntryKind.NOTE: _("Note"),
    EntryKind.STATE: _("State"),
    EntryKind.SIGNAL: _("Signal"),
    EntryKind.CLOCK: _("Clock"),
    EntryKind.ROLE: _("Role"),
    EntryKind.CALL: _("Call-out"),
    EntryKind.COMMUNICATION: _("Communication"),
    EntryKind.REPORT: _("Report"),
}


def commitment(salt: bytes, text: str) -> str:
    """Hex SHA-256 that binds the ledger to an entry's words without telling them: with a random
    salt of 16 bytes, which stays with the words, nobody can confirm a guess from the log."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def require_recent(at: dt.datetime, now: dt.datetime, *, field: str) -> None:
    """Raise InvalidInput for an instant more than ten years ago: a slip of the pen."""
    if now - at > OLDEST:
        raise InvalidInput(_("This lies more than ten years back."), code="too_old", field=field)


def is_backdated(at: dt.datetime, recorded_at: dt.datetime) -> bool:
    """Whether an entry tells of something that is longer ago than the writing takes."""
    return recorded_at - at > BACKDATED_AFTER


def clean_scope(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is hit: lists of names, and an estimate of `investors` (a whole number, or absent).

    Raises InvalidInput `scope.<name>`.
    """
    scope: dict[str, Any] = {}
    for name in SCOPE_LISTS:
        values = [str(value).strip() for value in raw.get(name) or ()]
        if any(len(value) > 100 for value in values) or len(values) > 200:
            raise InvalidInput(
                _("At most 200 names of 100 characters."), code="too_long", field=f"scope.{name}"
            )
        if kept := sorted({value for value in values if value}):
            scope[name] = kept
    investors = raw.get("investors")
    if investors not in (None, ""):
        try:
            scope["investors"] = int(investors)
        except (TypeError, ValueError):
            raise InvalidInput(
                _("Give a whole number."), code="invalid", field="scope.investors"
            ) from None
        if not 0 <= scope["investors"] <= 10**9:
            raise InvalidInput(_("Give a whole number."), code="invalid", field="scope.investors")
    return scope


# Moments that somebody records by hand, with the instant at which they happened; all others are
# reached by the moves of the incident.
BY_HAND = (
    MomentKind.LEAK,
    MomentKind.MATERIAL,
    MomentKind.NOT_RESTORED,
    MomentKind.PAID,
)


def minutes_between(start: dt.datetime, end: dt.datetime) -> int:
    """Whole minutes, at least 0."""
    return max(0, int((end - start).total_seconds() // 60))


def is_blank_scope(scope: Mapping[str, Any]) -> bool:
    """Whether a scope says nothing at all: not even that no investor is hit."""
    return not any(scope.get(name) for name in SCOPE_LISTS) and "investors" not in scope
