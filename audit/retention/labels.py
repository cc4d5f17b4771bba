"""Words for what the schedule holds as codes."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.retention.rules import Basis, Bound, Jurisdiction, Kind, Unit

Choices = list[tuple[str, str | Promise]]

KINDS: Choices = [
    (Kind.COMMUNICATION.value, _("Communications")),
    (Kind.BUSINESS.value, _("Business records")),
    (Kind.BOOKS.value, _("Core books")),
    (Kind.IDENTITY.value, _("Customer identity")),
    (Kind.ASSESSMENT.value, _("Impact assessments")),
    (Kind.TELEMETRY.value, _("Logs and telemetry")),
    (Kind.MONITORING.value, _("Staff monitoring")),
]
JURISDICTIONS: Choices = [
    (Jurisdiction.CN.value, _("Mainland China")),
    (Jurisdiction.US.value, _("United States")),
    (Jurisdiction.EU.value, _("European Union")),
]
BOUNDS: Choices = [
    (Bound.AT_LEAST.value, _("Keep at least")),
    (Bound.AT_MOST.value, _("Keep at most")),
]
UNITS: Choices = [
    (Unit.DAYS.value, _("days")),
    (Unit.MONTHS.value, _("months")),
    (Unit.YEARS.value, _("years")),
]
BASES: Choices = [
    (Basis.RECORD.value, _("the record")),
    (Basis.RELATIONSHIP.value, _("the end of the relationship")),
]
STORES: Choices = [
    ("receipts", _("Raw receipts of providers")),
    ("contents", _("Sealed contents of messages")),
    ("inbox", _("Messages in the portal inbox")),
    ("keys", _("Data keys of investors")),
]
ALL: dict[str, str | Promise] = dict([*KINDS, *JURISDICTIONS, *BOUNDS, *UNITS, *BASES, *STORES])
TONES = {
    "draft": "draft",
    "submitted": "in_review",
    "approved": "approved",
    "refused": "rejected",
    "proposed": "pending",
    "done": "done",
    "superseded": "retired",
}


def word(code: str) -> str:
    """The word for a code, or the code itself."""
    return str(ALL.get(code, code))
