"""What the submission and the decisions of a version say about its filing record."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict
from templates_mgmt.filing import rules
from templates_mgmt.filing.models import CarrierTemplate, Filing
from templates_mgmt.filing.rules import Terms, Usable
from templates_mgmt.models import TemplateVersion


def filing_of(version: TemplateVersion) -> Filing | None:
    """The filing record of a version; versions from before there were any have none."""
    found: Filing | None = getattr(version, "filing", None)
    return found


def first_terms(version: TemplateVersion) -> Terms:
    """What a version starts from: class, source and interval of the one that it is based on."""
    base = filing_of(version.based_on) if version.based_on else None
    if base is None:
        return Terms()
    return Terms(base.communication_class, base.source, review_months=base.review_months)


def put(filing: Filing, terms: Terms, person: UUID, now: dt.datetime) -> None:
    """Write the terms into the row, without saving it."""
    for name in ("communication_class", "source", "effective_from", "expires_at",
                 "review_months", "review_due"):  # fmt: skip
        setattr(filing, name, getattr(terms, name))
    filing.edited_by_id, filing.edited_at = person, now


def fix(
    version: TemplateVersion, *, words: str, person: UUID, now: dt.datetime
) -> tuple[str, dict[str, Any]]:
    """Fix the filing record of a version that is submitted with the content hash `words`; returns
    its hash and what was hashed. Runs in the transaction of the submission. Raises Conflict when
    the version would have expired by now."""
    filing = filing_of(version)
    if filing is None:
        filing = Filing(version=version)
        put(filing, first_terms(version), person, now)
    if filing.expires_at is not None and filing.expires_at <= now:
        raise Conflict(
            _("This version expires %(at)s. Change its filing record first.")
            % {"at": shown(filing.expires_at)},
            code="expired",
        )
    terms = rules.with_first_review(filing.terms(), now.date())
    filing.review_due = terms.review_due
    filing.filed = rules.canonical(terms, words=words)
    filing.filing_hash = rules.filing_hash(filing.filed)
    filing.save()
    return filing.filing_hash, filing.filed


def bound_hash(version: TemplateVersion) -> str:
    """The hash under which decisions record the filing; blank for a version without one."""
    filing = Filing.objects.filter(version=version.pk).first()
    return filing.filing_hash if filing else ""


def screen_of(version: TemplateVersion) -> list[str]:
    """What a reviewer sees of the filing, for the token of her screen; two small queries."""
    carriers = CarrierTemplate.objects.filter(version=version.pk).order_by("language", "carrier")
    said = carriers.values_list("language", "carrier", "template_id", "status")
    return [bound_hash(version), *("|".join(row) for row in said)]


def stopped_sms(version_id: UUID) -> frozenset[str]:
    """The languages in which the carriers let no SMS of this version through, as they say now."""
    rows = CarrierTemplate.objects.filter(version=version_id)
    return rules.stopped_languages(row.as_rule() for row in rows)


def require_as_filed(version: TemplateVersion) -> None:
    """Raises Conflict when the stored record is not what its hash says."""
    filing = Filing.objects.filter(version=version.pk).first()
    if filing is None:
        return
    said = (filing.communication_class, filing.source, filing.review_months or 0)
    filed = (filing.filed["class"], filing.filed["source"], filing.filed["review_months"])
    if rules.filing_hash(filing.filed) != filing.filing_hash or said != filed:
        raise Conflict(
            _("The filing record does not match its hash. Return this version and tell audit."),
            code="other_filing",
        )


def require_usable(version: TemplateVersion, at: dt.datetime) -> None:
    """Raises Conflict `not_effective` or `expired`, naming the instant, when no new notice may
    use the version at `at`."""
    filing = filing_of(version)
    if filing is None:
        return
    names = {"number": version.number, "name": version.template.name}
    state = rules.usable(filing.effective_from, filing.expires_at, at)
    if state == Usable.NOT_YET and filing.effective_from is not None:
        raise Conflict(
            _("Version %(number)s of “%(name)s” takes effect %(at)s; no notice can use it before.")
            % {**names, "at": shown(filing.effective_from)},
            code=state.value,
            details={"version": str(version.pk), "at": filing.effective_from.isoformat()},
        )
    if state == Usable.EXPIRED and filing.expires_at is not None:
        raise Conflict(
            _("Version %(number)s of “%(name)s” expired %(at)s; no new notice can use it.")
            % {**names, "at": shown(filing.expires_at)},
            code=state.value,
            details={"version": str(version.pk), "at": filing.expires_at.isoformat()},
        )


def shown(instant: dt.datetime) -> str:
    """An instant in the reader's zone, which is named."""
    return timezone.localtime(instant).strftime("%Y-%m-%d %H:%M %Z")


def usable_now(now: dt.datetime) -> Q:
    """Versions that a new notice may use at `now`, as far as their filing record goes."""
    started = Q(filing__effective_from__isnull=True) | Q(filing__effective_from__lte=now)
    lasting = Q(filing__expires_at__isnull=True) | Q(filing__expires_at__gt=now)
    return started & lasting
