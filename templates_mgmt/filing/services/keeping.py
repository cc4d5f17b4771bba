"""Writing a filing record: by the author in a draft; afterwards only what may still change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.record import record
from core.access import require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from templates_mgmt.filing import binding, rules
from templates_mgmt.filing.models import CarrierTemplate, Filing
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import SENDABLE, State, clean_text
from templates_mgmt.services.common import locked, person_of, subjects_of


@transaction.atomic
def save_filing(
    *,
    version_id: UUID,
    communication_class: str,
    source: str,
    effective_from: dt.datetime | None,
    expires_at: dt.datetime | None,
    review_months: int | None,
    review_due: dt.date | None,
    actor: Actor,
    now: dt.datetime,
    carriers: Iterable[Mapping[str, Any]] = (),
    revision: int | None = None,
) -> Filing:
    """Replace the filing record of a draft; whoever saves becomes a contributor (T2).

    `revision` is the one that the form started from (0 when there was no record); Conflict
    `stale_draft` when somebody saved meanwhile, `not_a_draft` after the submission. Raises
    InvalidInput naming the field.
    """
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    if version.state != State.DRAFT:
        raise Conflict(
            _("Version %(number)s was submitted; its filing record is fixed.")
            % {"number": version.number},
            code="not_a_draft",
        )
    terms = rules.clean_terms(
        communication_class=communication_class, source=source, effective_from=effective_from,
        expires_at=expires_at, review_months=review_months, review_due=review_due,
        carriers=carriers, now=now,
    )  # fmt: skip
    filing = binding.filing_of(version)
    _require_fresh(filing, revision)
    if filing is None:
        filing = Filing(version=version)
    else:
        filing.revision += 1
    binding.put(filing, terms, person_of(actor), now)
    filing.save()
    _replace_carriers(version, terms, actor, now)
    record(
        action="template.filing_saved",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
        payload={
            "number": version.number,
            "revision": filing.revision,
            "terms": rules.canonical(terms, words=version.content_hash),
        },
    )
    return filing


def _require_fresh(filing: Filing | None, revision: int | None) -> None:
    stored = filing.revision if filing else 0
    if revision is not None and revision != stored:
        raise Conflict(
            _("Somebody saved this filing record while you were editing it. Nothing was "
              "overwritten."),
            code="stale_draft",
            details={"revision": stored, "shown_revision": revision},
        )  # fmt: skip


def _replace_carriers(
    version: TemplateVersion, terms: rules.Terms, actor: Actor, now: dt.datetime
) -> None:
    version.carriers.all().delete()
    CarrierTemplate.objects.bulk_create(
        CarrierTemplate(
            version=version,
            language=each.language,
            carrier=each.carrier,
            template_id=each.template_id,
            status=each.status,
            changed_by_id=person_of(actor),
            changed_at=now,
        )
        for each in terms.carriers
    )


@transaction.atomic
def shorten(
    *, version_id: UUID, expires_at: dt.datetime, reason: str, actor: Actor, now: dt.datetime
) -> Filing:
    """Bring the expiry of an approved version forward, with a reason and a fresh second factor.
    Raises InvalidInput `not_earlier` when it would not be earlier, or lies in the past."""
    version = locked(version_id, actor, Capability.TEMPLATES_REVIEW)
    filing = _submitted_filing(version)
    reason = _reason(reason)
    if version.state not in SENDABLE:
        raise Conflict(_("This version is not approved."), code="not_approved")
    if expires_at < now or (filing.expires_at is not None and expires_at >= filing.expires_at):
        raise InvalidInput(
            _("An expiry can only be brought forward, to an instant that is not past."),
            code="not_earlier",
            field="expires_at",
        )
    require_step_up(actor, now)
    before = filing.expires_at
    filing.expires_at = expires_at
    filing.save(update_fields=["expires_at"])
    record(
        action="template.expiry_brought_forward",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
        payload={
            "filing_hash": filing.filing_hash,
            "from": before.isoformat() if before else None,
            "to": expires_at.isoformat(),
            "reason": reason,
        },
    )
    return filing


@transaction.atomic
def set_carrier(
    *,
    version_id: UUID,
    language: str,
    status: str,
    actor: Actor,
    now: dt.datetime,
    carrier: str = "",
    template_id: str = "",
) -> CarrierTemplate:
    """Say what the carrier says about its template for a submitted version; authors and
    reviewers may. A blank `template_id` keeps the one that is known."""
    may = {Capability.TEMPLATES_DRAFT, Capability.TEMPLATES_REVIEW} & actor.capabilities
    version = locked(version_id, actor, min(may) if may else Capability.TEMPLATES_DRAFT)
    if version.state == State.DRAFT:
        raise Conflict(_("This is still a draft; edit its filing record."), code="is_draft")
    known = version.carriers.filter(language=language, carrier=carrier.strip()).first()
    said = rules.clean_carrier({
        "language": language, "carrier": carrier, "status": status,
        "template_id": template_id or (known.template_id if known else ""),
    })  # fmt: skip
    if known is not None and known.as_rule() == said:
        raise Conflict(_("That is what the record says already."), code="same")
    before = [known.template_id, known.status] if known else None
    row = known or CarrierTemplate(version=version, language=said.language, carrier=said.carrier)
    row.template_id, row.status = said.template_id, said.status
    row.changed_by_id, row.changed_at = person_of(actor), now
    row.save()
    record(
        action="template.carrier_status",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
        payload={
            "language": row.language,
            "carrier": row.carrier,
            "from": before,
            "to": [row.template_id, row.status],
        },
    )
    return row


def _submitted_filing(version: TemplateVersion) -> Filing:
    filing = Filing.objects.select_for_update().filter(version=version.pk).first()
    if filing is None or not filing.filing_hash:
        raise Conflict(
            _("This version has no filing record: it was submitted before there were any."),
            code="no_filing",
        )
    return filing


def _reason(text: str) -> str:
    reason = clean_text(text, field="reason", limit=2000)
    if not reason:
        raise InvalidInput(_("Give a reason."), code="required", field="reason")
    return reason
