"""What a filing record says, when a version may be used, and when it is looked at again. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.clock import isoformat
from core.errors import InvalidInput
from core.reviewed.rules import content_hash
from templates_mgmt.rules import LANGUAGE_LABELS, Language, clean_text

MAX_MONTHS, MAX_CARRIERS = 36, 12
RETAIL_LIMIT, RETAIL_DAYS = 25, 30  # FINRA 2210(a)(2), (a)(5)


class CommunicationClass(StrEnum):
    """Who a communication is for (FINRA 2210(a))."""

    RETAIL = "retail"
    INSTITUTIONAL = "institutional"
    CORRESPONDENCE = "correspondence"


CLASS_LABELS = {
    CommunicationClass.RETAIL: _("Retail communication"),
    CommunicationClass.INSTITUTIONAL: _("Institutional communication"),
    CommunicationClass.CORRESPONDENCE: _("Correspondence"),
}


def class_in_effect(stated: str, people: int) -> str:
    """The class of a communication that went out to `people` retail investors within 30 days:
    what its author called correspondence is a retail communication from the 26th on (FINRA
    2210(a)(2), (a)(5)). An author may be stricter than the count, never laxer."""
    if stated == CommunicationClass.CORRESPONDENCE and people > RETAIL_LIMIT:
        return CommunicationClass.RETAIL.value
    return stated


class CarrierStatus(StrEnum):
    """Where an SMS template stands at the carrier."""

    NOT_FILED = "not_filed"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


CARRIER_LABELS = {
    CarrierStatus.NOT_FILED: _("Not filed"),
    CarrierStatus.PENDING: _("Waiting for the carrier"),
    CarrierStatus.APPROVED: _("Approved by the carrier"),
    CarrierStatus.REJECTED: _("Rejected by the carrier"),
    CarrierStatus.SUSPENDED: _("Suspended by the carrier"),
}


STOPPING = frozenset({CarrierStatus.REJECTED, CarrierStatus.SUSPENDED})


class Cause(StrEnum):
    """Why an approved version is looked at again."""

    PERIOD = "period"
    CLAUSE = "clause"
    WORD_LIST = "word_list"


CAUSE_LABELS = {
    Cause.PERIOD: _("Periodic re-review"),
    Cause.CLAUSE: _("A clause changed"),
    Cause.WORD_LIST: _("A word list changed"),
}


class Outcome(StrEnum):
    """How a re-review ended."""

    KEPT = "kept"
    REPLACED = "replaced"
    RETIRED = "retired"
    RECALLED = "recalled"


OUTCOME_LABELS = {
    Outcome.KEPT: _("Still right"),
    Outcome.REPLACED: _("A newer version was approved"),
    Outcome.RETIRED: _("Retired"),
    Outcome.RECALLED: _("Recalled"),
}


class Usable(StrEnum):
    """Whether a new notice may use a version at some instant."""

    YES = "yes"
    NOT_YET = "not_effective"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Carrier:
    """The template that a carrier keeps for the SMS in one language."""

    language: str
    carrier: str = ""
    template_id: str = ""
    status: str = CarrierStatus.NOT_FILED.value


@dataclass(frozen=True, slots=True)
class Terms:
    """What an author states about a version besides its words.

    `effective_from` and `expires_at` are instants (the first included, the second not);
    `review_due` is the day of the next re-review, every `review_months` months after.
    """

    communication_class: str = CommunicationClass.RETAIL.value
    source: str = ""
    effective_from: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    review_months: int | None = 12
    review_due: dt.date | None = None
    carriers: tuple[Carrier, ...] = field(default=())


def stopped_languages(carriers: Iterable[Carrier]) -> frozenset[str]:
    """The languages whose SMS no carrier lets through: one has rejected or suspended its
    template, and none has approved one. A gateway that reaches another carrier may go on."""
    said: dict[str, set[str]] = {}
    for each in carriers:
        said.setdefault(each.language, set()).add(each.status)
    return frozenset(
        language
        for language, statuses in said.items()
        if statuses & STOPPING and CarrierStatus.APPROVED.value not in statuses
    )


def usable(
    effective_from: dt.datetime | None, expires_at: dt.datetime | None, now: dt.datetime
) -> Usable:
    """Whether a new notice may use the version at `now`."""
    if effective_from is not None and now < effective_from:
        return Usable.NOT_YET
    if expires_at is not None and now >= expires_at:
        return Usable.EXPIRED
    return Usable.YES


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def with_first_review(terms: Terms, today: dt.date) -> Terms:
    """The terms with a first day of re-review, from the interval when none was named."""
    if terms.review_due is not None or terms.review_months is None:
        return terms
    return Terms(
        terms.communication_class, terms.source, terms.effective_from, terms.expires_at,
        terms.review_months, add_months(today, terms.review_months), terms.carriers,
    )  # fmt: skip


def next_review(due: dt.date, months: int | None, today: dt.date) -> dt.date | None:
    """The day after a re-review done `today`: one interval later; None without an interval."""
    return add_months(max(due, today), months) if months else None


def canonical(terms: Terms, *, words: str) -> dict[str, Any]:
    """The terms as the hash and the ledger see them; `words` is the content hash they go with."""
    return {
        "v": 1,
        "content_hash": words,
        "class": terms.communication_class,
        "source": terms.source,
        "effective_from": isoformat(terms.effective_from) if terms.effective_from else "",
        "expires_at": isoformat(terms.expires_at) if terms.expires_at else "",
        "review_months": terms.review_months or 0,
        "review_due": terms.review_due.isoformat() if terms.review_due else "",
        "carriers": [
            [each.language, each.carrier, each.template_id, each.status]
            for each in sorted(terms.carriers, key=lambda each: (each.language, each.carrier))
        ],
    }


def filing_hash(filed: Mapping[str, Any]) -> str:
    """Hex SHA-256 of `canonical`."""
    return content_hash(filed)


# --- input ----------------------------------------------------------------------------------


def clean_terms(
    *,
    communication_class: str,
    source: str,
    effective_from: dt.datetime | None,
    expires_at: dt.datetime | None,
    review_months: int | None,
    review_due: dt.date | None,
    carriers: Iterable[Mapping[str, Any]],
    now: dt.datetime,
) -> Terms:
    """The terms, checked; raises InvalidInput naming the field."""
    if communication_class not in set(CommunicationClass):
        raise InvalidInput(_("Choose a class of communication."), field="communication_class")
    for name, instant in (("effective_from", effective_from), ("expires_at", expires_at)):
        if instant is not None and instant.tzinfo is None:
            raise InvalidInput(_("Name the time zone."), field=name)
    if expires_at is not None and expires_at <= max(now, effective_from or now):
        raise InvalidInput(
            _("The version must expire in the future, and after it takes effect."),
            code="out_of_range",
            field="expires_at",
        )
    if review_months is not None and not 1 <= review_months <= MAX_MONTHS:
        raise InvalidInput(
            _("Write 1 to %(limit)s months.") % {"limit": MAX_MONTHS},
            code="out_of_range",
            field="review_months",
        )
    limit = add_months(now.date(), MAX_MONTHS)
    if review_due is not None and not now.date() < review_due <= limit:
        raise InvalidInput(
            _("The next re-review must be after today, and by %(limit)s.") % {"limit": limit},
            code="out_of_range",
            field="review_due",
        )
    return Terms(
        communication_class,
        clean_text(source, field="source", limit=500),
        effective_from,
        expires_at,
        review_months,
        review_due,
        _clean_carriers(carriers),
    )


def clean_carrier(raw: Mapping[str, Any], *, field: str = "carriers") -> Carrier:
    """One carrier's template; raises InvalidInput naming the field."""
    language, status = str(raw.get("language") or ""), str(raw.get("status") or "not_filed")
    if language not in set(Language):
        raise InvalidInput(_("There is no such language."), field=f"{field}.language")
    if status not in set(CarrierStatus):
        raise InvalidInput(_("There is no such status."), field=f"{field}.status")
    template_id = clean_text(raw.get("template_id") or "", field=f"{field}.template_id", limit=80)
    if status != CarrierStatus.NOT_FILED and not template_id:
        raise InvalidInput(
            _("%(language)s: a template that the carrier knows has an id there.")
            % {"language": LANGUAGE_LABELS[Language(language)]},
            code="required",
            field=f"{field}.template_id",
        )
    carrier = clean_text(raw.get("carrier") or "", field=f"{field}.carrier", limit=60)
    return Carrier(language, carrier, template_id, status)


def _clean_carriers(raw: Iterable[Mapping[str, Any]]) -> tuple[Carrier, ...]:
    found = [clean_carrier(item, field=f"carriers.{n}") for n, item in enumerate(raw, 1)]
    if len(found) > MAX_CARRIERS:
        raise InvalidInput(
            _("At most %(limit)s carrier templates.") % {"limit": MAX_CARRIERS}, field="carriers"
        )
    if len({(each.language, each.carrier) for each in found}) != len(found):
        raise InvalidInput(
            _("A carrier has one template per language."), code="duplicate", field="carriers"
        )
    return tuple(found)


def class_choices() -> list[tuple[str, Any]]:
    """Value and label of every class."""
    return [(item.value, label) for item, label in CLASS_LABELS.items()]


def carrier_choices() -> list[tuple[str, Any]]:
    """Value and label of every carrier status."""
    return [(item.value, label) for item, label in CARRIER_LABELS.items()]


def cause_choices() -> list[tuple[str, Any]]:
    """Value and label of every cause."""
    return [(item.value, label) for item, label in CAUSE_LABELS.items()]


def outcome_choices() -> list[tuple[str, Any]]:
    """Value and label of every outcome."""
    return [(item.value, label) for item, label in OUTCOME_LABELS.items()]
