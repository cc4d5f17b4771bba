"""What a third party is to the firm, and when something about it must be renewed. Pure."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Days before the end at which somebody is reminded; 0 is the last day itself.
REMIND_BEFORE = (60, 30, 7, 0)


class Kind(StrEnum):
    """What the party is."""

    SUPPLIER = "supplier"
    BACKUP = "backup"
    REGULATOR = "regulator"
    AUTHORITY = "authority"
    ADVISER = "adviser"
    MEDIA = "media"


KIND_LABELS = {
    Kind.SUPPLIER: _("Supplier"),
    Kind.BACKUP: _("Backup supplier"),
    Kind.REGULATOR: pgettext_lazy("third party", "Regulator"),
    Kind.AUTHORITY: _("Police or authority"),
    Kind.ADVISER: _("Adviser"),
    Kind.MEDIA: _("Media"),
}


class ProofKind(StrEnum):
    """What is proven about a party, for a time."""

    CERTIFICATE = "certificate"
    CONTRACT = "contract"
    TEST = "test"
    AUDIT = "audit"


PROOF_LABELS = {
    ProofKind.CERTIFICATE: _("Certificate"),
    ProofKind.CONTRACT: _("Contract"),
    ProofKind.TEST: _("Test"),
    ProofKind.AUDIT: _("Audit"),
}


class Standing(StrEnum):
    """Whether a proof holds on a day."""

    VALID = "valid"
    ENDING = "ending"
    ENDED = "ended"


def standing(ends_on: dt.date, today: dt.date) -> Standing:
    """A proof holds through its last day, and is ending from 60 days before it."""
    left = (ends_on - today).days
    if left < 0:
        return Standing.ENDED
    return Standing.ENDING if left <= REMIND_BEFORE[0] else Standing.VALID


def reminder_due(ends_on: dt.date, today: dt.date) -> int | None:
    """The reminder that is due on `today`: the smallest of REMIND_BEFORE that the days left have
    fallen to, -1 once it has ended, None long before. A day on which nobody looked loses nothing:
    the next look finds the same or a later one."""
    left = (ends_on - today).days
    if left < 0:
        return -1
    due = [days for days in REMIND_BEFORE if left <= days]
    return min(due) if due else None
