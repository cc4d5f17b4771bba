"""Why an investor is left out, in codes and in words. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Reason(StrEnum):
    """Why an investor is left out, or a delivery is refused at the instant of sending."""

    CLOSED = "closed"
    NO_CONSENT = "no_consent"
    NO_CONTACT = "no_contact"
    SUPPRESSED = "suppressed"
    UNWANTED = "unwanted"
    NO_VARIANT = "no_variant"
    MISSING_VALUE = "missing_value"
    NOT_APPROVED = "not_approved"
    CARRIER_STOPPED = "carrier_stopped"
    ERASED = "erased"


REASON_LABELS = {
    Reason.CLOSED: _("The account is closed"),
    Reason.NO_CONSENT: _("No consent to this channel"),
    Reason.NO_CONTACT: _("No address for this channel"),
    Reason.SUPPRESSED: _("The address bounced or complained"),
    Reason.UNWANTED: _("The investor does not want this topic on this channel"),
    Reason.NO_VARIANT: _("No wording for this channel"),
    Reason.MISSING_VALUE: _("A value for the text is missing"),
    Reason.NOT_APPROVED: _("The wording is not approved any more"),
    Reason.CARRIER_STOPPED: _("The carrier rejected or suspended its template of this SMS"),
    Reason.ERASED: _("The investor's data were erased"),
}
QUIET_HOURS = "quiet_hours"


def missing_value(name: str) -> str:
    """The reason code for a placeholder that this recipient cannot fill."""
    return f"{Reason.MISSING_VALUE.value}:{name}"


def reason_label(code: str) -> Any:
    """The words for a reason code; a missing value names its placeholder."""
    head, _colon, name = code.partition(":")
    label = REASON_LABELS[Reason(head)]
    return f"{label}: {name}" if name else label
