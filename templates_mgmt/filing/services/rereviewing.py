"""Re-reviews: opened when their day comes, closed by a second person; overdue reviews."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require_line, require_other_person, require_step_up
from core.actor import Actor, system
from core.errors import Conflict, InvalidInput, NotFound
from core.reviewed import steps
from core.roles import Capability
from templates_mgmt.filing import causes, rules
from templates_mgmt.filing.models import Filing, Reminder, ReReview
from templates_mgmt.filing.rules import Cause, Outcome
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State, clean_text

ACTOR = system("reviews")


@transaction.atomic
def keep(*, rereview_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> ReReview:
    """Close a re-review because the version is still right, with the reason why.

    Needs a reviewer who contributed nothing to the version and a fresh second factor. A periodic
    one moves the day of the next re-review on by its interval.
    """
    steps.require_person(actor, Capability.TEMPLATES_REVIEW)
    row = ReReview.objects.select_related("version__template").filter(pk=rereview_id).first()
    if row is None:
        raise NotFound(_("There is no such re-review."))
    require_line(actor, row.version.template.business_line_id)
    # The version first, as everything that closes re-reviews does.
    version = TemplateVersion.objects.select_for_update().get(pk=row.version_id)
    row = ReReview.objects.select_for_update().select_related("version").get(pk=rereview_id)
    if row.closed_at is not None or version.state != State.APPROVED:
        raise Conflict(_("This re-review is closed already."), code="closed")
    require_other_person(actor, version.contributors.values_list("user_id", flat=True))
    reason = clean_text(reason, field="reason", limit=2000)
    if not reason:
        raise InvalidInput(_("Say why it is still right."), code="required", field="reason")
    require_step_up(actor, now)
    next_due = _next(row, now)
    causes.close(row, outcome=Outcome.KEPT, reason=reason, actor=actor, now=now, next_due=next_due)
    if next_due is not None:
        filing = Filing.objects.select_for_update().get(version=version)
        filing.review_due = next_due
        filing.save(update_fields=["review_due"])
    return row


def _next(row: ReReview, now: dt.datetime) -> dt.date | None:
    if row.cause != Cause.PERIOD:
        return None
    filing = Filing.objects.get(version=row.version_id)
    if filing.review_due is None:
        return None
    return rules.next_review(filing.review_due, filing.review_months, now.date())


def open_due(*, now: dt.datetime) -> int:
    """Open a re-review of every approved version whose day has come, once per version and day
    (`template.review_due`); returns how many. Runs nightly and may run at any time."""
    due = TemplateVersion.objects.filter(
        state=State.APPROVED, filing__review_due__lte=now.date()
    ).order_by("pk")
    opened = 0
    for version_id in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            opened += _open_due(version_id, now)
    return opened


def _open_due(version_id: UUID, now: dt.datetime) -> bool:
    version = TemplateVersion.objects.select_for_update().get(pk=version_id)
    day = Filing.objects.get(version=version).review_due
    if version.state != State.APPROVED or day is None or day > now.date():
        return False
    return causes.open_one(
        version, cause=Cause.PERIOD, subject=day.isoformat(), actor=ACTOR, now=now
    )


def remind_overdue(*, now: dt.datetime) -> int:
    """Record every stage of a review that is overdue, once per version and due date (T4);
    returns how many. The overview and the queue say it to who took the review, or to all who may;
    `reminding.mail_overdue` writes to those who have an address."""
    late = TemplateVersion.objects.filter(state=State.IN_REVIEW, due_at__lt=now).order_by("pk")
    reminded = 0
    for version_id in list(late.values_list("pk", flat=True)):
        with transaction.atomic():
            reminded += _remind(version_id, now)
    return reminded


def _remind(version_id: UUID, now: dt.datetime) -> bool:
    version = TemplateVersion.objects.select_for_update().get(pk=version_id)
    if version.state != State.IN_REVIEW or version.due_at is None or version.due_at >= now:
        return False
    _row, new = Reminder.objects.get_or_create(
        version=version, due_at=version.due_at, defaults={"at": now}
    )
    if new:
        record(
            action="template.review_overdue",
            actor=ACTOR,
            now=now,
            subjects=Subjects(template=version.template_id, version=version.pk),
            payload={
                "number": version.number,
                "due": version.due_at.isoformat(),
                "taken_by": str(version.taken_by_id) if version.taken_by_id else None,
            },
        )
    return new
