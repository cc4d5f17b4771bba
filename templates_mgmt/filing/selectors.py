"""Filing records as people and regulators read them, and the re-reviews that are open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from templates_mgmt.files.service import document_of, dump
from templates_mgmt.filing import binding, rules, usage
from templates_mgmt.filing.models import CarrierTemplate, ClassChange, Filing, ReReview
from templates_mgmt.filing.rules import Cause, CommunicationClass, Usable
from templates_mgmt.filing.usage import Reach, Use
from templates_mgmt.models import Contributor, Decision, TemplateVersion
from templates_mgmt.rules import State, Verb
from templates_mgmt.selectors import templates_visible_to, version_for

COLUMNS = (
    "template", "name", "version", "state", "category", "business_line", "content_hash",
    "filing_hash", "communication_class", "source_of_data", "prepared_by", "approved_by",
    "approved_at", "first_used", "last_used", "notices", "effective_from", "expires_at",
    "review_months", "review_due", "carriers", "rereviews", "class_in_effect",
    "investors_in_30_days", "busiest_30_days_from", "investors",
)  # fmt: skip
LISTED = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """The filing record of a version as a page shows it."""

    version: TemplateVersion
    filing: Filing | None
    carriers: list[CarrierTemplate]
    use: Use | None
    usable: Usable
    preparers: list[Contributor]
    approvals: list[Decision]
    rereviews: list[ReReview]
    reach: Reach | None
    class_change: ClassChange | None

    @property
    def class_label(self) -> Any:
        """The class of communication that its author stated, in words."""
        return self.filing.get_communication_class_display() if self.filing else ""  # type: ignore[attr-defined]

    @property
    def class_in_effect(self) -> str:
        """The class by what was sent up to now, also before the nightly look records it."""
        if self.class_change is not None:
            return self.class_change.communication_class
        people = self.reach.people if self.reach else 0
        return rules.class_in_effect(self.filing.communication_class, people) if self.filing else ""

    @property
    def class_in_effect_label(self) -> Any:
        """The class in effect in words."""
        return rules.CLASS_LABELS[CommunicationClass(self.class_in_effect)]


def shown(version: TemplateVersion, now: dt.datetime) -> Shown:
    """The filing record of a version that the caller may see; a constant number of queries."""
    filing = binding.filing_of(version)
    return Shown(
        version,
        filing,
        list(version.carriers.select_related("changed_by")),
        usage.uses_of([version.pk]).get(version.pk),
        rules.usable(filing.effective_from, filing.expires_at, now) if filing else Usable.YES,
        list(version.contributors.select_related("user").order_by("id")),
        list(
            version.decisions.filter(decision=Verb.APPROVE).select_related("user", "on_behalf_of")
        ),
        list(version.rereviews.select_related("closed_by")),
        usage.reach_of([version.pk]).get(version.pk),
        version.class_changes.first(),
    )


# --- for export -----------------------------------------------------------------------------


def _whole(versions: QuerySet[TemplateVersion]) -> QuerySet[TemplateVersion]:
    decisions = Decision.objects.filter(decision=Verb.APPROVE).select_related("user")
    return versions.select_related(
        "template__business_line", "filing", "decided_by"
    ).prefetch_related(
        "variants", "carriers", "rereviews__closed_by", "class_changes",
        Prefetch("contributors", Contributor.objects.select_related("user").order_by("id")),
        Prefetch("decisions", decisions, to_attr="approvals"),
    )  # fmt: skip


def record_of(actor: Actor, version_id: UUID) -> dict[str, Any]:
    """The whole filing record of one version, its copy included."""
    version_for(actor, version_id)
    version = _whole(TemplateVersion.objects.filter(pk=version_id)).get()
    reach = usage.reach_of([version.pk]).get(version.pk)
    return _record(version, usage.uses_of([version.pk]).get(version.pk), reach)


def records_between(actor: Actor, since: dt.date, until: dt.date) -> list[dict[str, Any]]:
    """The records of the visible versions approved or used from `since` to `until` (UTC days,
    both included), by template and number."""
    start = dt.datetime.combine(since, dt.time(), dt.UTC)
    end = dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), dt.UTC)
    once_approved = TemplateVersion.objects.filter(
        template__in=templates_visible_to(actor).values("pk"),
        decisions__decision=Verb.APPROVE,
        decisions__at__lt=end,
    ).distinct()
    ids = list(once_approved.values_list("pk", flat=True))
    uses = usage.uses_of(ids)
    approved = set(once_approved.filter(decisions__at__gte=start).values_list("pk", flat=True))
    wanted = [
        pk
        for pk in ids
        if pk in approved or ((use := uses.get(pk)) and use.first < end and use.last >= start)
    ]
    found = _whole(TemplateVersion.objects.filter(pk__in=wanted))
    found = found.order_by("template__code", "number")
    reach = usage.reach_of(wanted)
    return [_record(each, uses.get(each.pk), reach.get(each.pk)) for each in found]


def _record(version: TemplateVersion, use: Use | None, reach: Reach | None) -> dict[str, Any]:
    filing = binding.filing_of(version)
    changes = [each.communication_class for each in version.class_changes.all()]
    people = reach.people if reach else 0
    stated = filing.communication_class if filing else ""
    approvals: Iterable[Decision] = version.approvals  # type: ignore[attr-defined]
    return {
        "template_id": str(version.template_id),
        "template": version.template.code,
        "name": version.template.name,
        "version": version.number,
        "state": version.state,
        "category": version.template.category,
        "business_line": version.template.business_line.code,
        "content_hash": version.content_hash,
        "filing_hash": filing.filing_hash if filing else "",
        "communication_class": stated,
        "class_in_effect": changes[0] if changes else rules.class_in_effect(stated, people),
        "investors_in_30_days": people,
        "busiest_30_days_from": reach.since.isoformat() if reach else "",
        "investors": reach.everybody if reach else 0,
        "source_of_data": filing.source if filing else "",
        "prepared_by": [str(each.user) for each in version.contributors.all()],
        "approved_by": [str(each.user) for each in approvals],
        "approved_at": [each.at.isoformat() for each in approvals],
        "first_used": use.first.isoformat() if use else "",
        "last_used": use.last.isoformat() if use else "",
        "notices": use.count if use else 0,
        "effective_from": _text(filing.effective_from) if filing else "",
        "expires_at": _text(filing.expires_at) if filing else "",
        "review_months": (filing.review_months or 0) if filing else 0,
        "review_due": _text(filing.review_due) if filing else "",
        "carriers": [
            {"language": each.language, "carrier": each.carrier, "template_id": each.template_id,
             "status": each.status}
            for each in version.carriers.all()
        ],
        "rereviews": [
            {"cause": each.cause, "subject": each.subject, "opened": each.opened_at.isoformat(),
             "closed": _text(each.closed_at), "by": str(each.closed_by or ""),
             "outcome": each.outcome, "reason": each.reason}
            for each in version.rereviews.all()
        ],
        "copy": dump(document_of(version)),
    }  # fmt: skip


def _text(value: dt.date | None) -> str:
    return value.isoformat() if value else ""


# --- lists ----------------------------------------------------------------------------------


def filings(actor: Actor) -> QuerySet[Filing]:
    """The filing records of visible versions that were approved once, newest first."""
    return (
        Filing.objects.filter(
            version__template__in=templates_visible_to(actor).values("pk"),
            version__state__in=[State.APPROVED, State.RETIRED, State.RECALLED],
        )
        .select_related("version__template", "version__decided_by")
        .prefetch_related("version__carriers")
        .order_by("-id")
    )


def open_rereviews(actor: Actor) -> list[ReReview]:
    """Open re-reviews of visible versions, the longest open first."""
    require(actor, Capability.TEMPLATES_VIEW)
    return list(
        ReReview.objects.filter(
            closed_at=None, version__template__in=templates_visible_to(actor).values("pk")
        )
        .select_related("version__template")
        .prefetch_related("version__contributors")
        .order_by("opened_at", "id")[:LISTED]
    )


def rereview_for(actor: Actor, rereview_id: UUID) -> ReReview:
    """One re-review; raises NotFound outside the actor's lines."""
    require(actor, Capability.TEMPLATES_VIEW)
    found = (
        ReReview.objects.select_related("version__template", "closed_by")
        .filter(pk=rereview_id, version__template__in=templates_visible_to(actor).values("pk"))
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such re-review."))
    return found


def rereviews_of_template(template_id: UUID) -> list[ReReview]:
    """All re-reviews of a template's versions, the open ones first, then the newest."""
    rows = ReReview.objects.filter(version__template=template_id)
    found = rows.select_related("version__template", "closed_by").order_by("-opened_at", "-id")
    return sorted(found[:LISTED], key=lambda row: row.closed_at is not None)


def rereviews_because_of(subject: str) -> list[ReReview]:
    """The re-reviews that one clause or word list version caused, by template."""
    rows = ReReview.objects.filter(subject=subject).exclude(cause=Cause.PERIOD)
    return list(rows.select_related("version__template", "closed_by").order_by("version__template"))
