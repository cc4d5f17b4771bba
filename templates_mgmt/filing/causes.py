"""Opening and closing re-reviews, within the transaction of what causes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from templates_mgmt.clauses.models import ClauseVersion
from templates_mgmt.clauses.selectors import uses_of
from templates_mgmt.filing.models import ReReview
from templates_mgmt.filing.rules import Cause, Outcome
from templates_mgmt.lexicon.models import WordListVersion
from templates_mgmt.lexicon.selectors import Impact
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State

CLOSING = {
    State.RETIRED: Outcome.RETIRED,
    State.RECALLED: Outcome.RECALLED,
}


def open_one(
    version: TemplateVersion, *, cause: Cause, subject: str, actor: Actor, now: dt.datetime
) -> bool:
    """Open a re-review, once per version and subject; whether it is new."""
    made, new = ReReview.objects.get_or_create(
        version=version, cause=cause.value, subject=subject, defaults={"opened_at": now}
    )
    if new:
        period = cause == Cause.PERIOD
        record(
            action="template.review_due" if period else "template.rereview_opened",
            actor=actor,
            now=now,
            subjects=Subjects(template=version.template_id, version=version.pk),
            payload={"rereview": str(made.pk), "cause": cause.value, "subject": subject},
        )
    return new


def clause_in_force(version: ClauseVersion, *, actor: Actor, now: dt.datetime) -> int:
    """A clause version came into force: the approved versions that pinned an earlier wording are
    looked at again. Returns how many were opened."""
    subject = f"clause:{version.clause.code}:{version.number}"
    touched = [
        use.version
        for use in uses_of(version.clause.code)
        if use.version.state == State.APPROVED and use.pinned < version.number
    ]
    return _open_all(touched, Cause.CLAUSE, subject, actor, now)


def word_list_in_force(
    version: WordListVersion, impact: Iterable[Impact], *, actor: Actor, now: dt.datetime
) -> int:
    """A word list came into force: the approved versions that it flags anew are looked at again.
    `impact` is what `impact_of` said just before. Returns how many were opened."""
    subject = f"wordlist:{version.word_list.code}:{version.number}"
    touched = [each.version for each in impact if each.flagged]
    return _open_all(touched, Cause.WORD_LIST, subject, actor, now)


def _open_all(
    versions: Iterable[TemplateVersion], cause: Cause, subject: str, actor: Actor, now: dt.datetime
) -> int:
    # Locked from newer to older, as approvals do; what was retired meanwhile is left out.
    ids = [version.pk for version in versions]
    rows = TemplateVersion.objects.select_for_update().filter(pk__in=ids, state=State.APPROVED)
    return sum(
        open_one(version, cause=cause, subject=subject, actor=actor, now=now)
        for version in rows.order_by("template", "-number")
    )


def close_after(version: TemplateVersion, *, actor: Actor, now: dt.datetime) -> int:
    """Close what the new state of `version` answers: its own re-reviews when it ended, those of
    older versions when it was approved. Returns how many."""
    still_open = ReReview.objects.select_for_update(of=("self",)).filter(closed_at=None)
    state = State(version.state)
    if state == State.APPROVED:
        outcome = Outcome.REPLACED
        _lock_older(version)
        rows = still_open.filter(
            version__template=version.template_id, version__number__lt=version.number
        )
    elif state in CLOSING:
        outcome, rows = CLOSING[state], still_open.filter(version=version)
    else:
        return 0
    reason = version.reason or f"v{version.number}"
    found = list(rows.select_related("version"))
    for row in found:
        close(row, outcome=outcome, reason=reason, actor=actor, now=now)
    return len(found)


def _lock_older(version: TemplateVersion) -> None:
    """Hold the older versions that are being looked at again, from newer to older: whoever
    closes a re-review holds its version first."""
    waiting = ReReview.objects.filter(closed_at=None).values("version")
    older = TemplateVersion.objects.select_for_update().filter(
        template=version.template_id, number__lt=version.number, pk__in=waiting
    )
    list(older.order_by("-number"))


def close(
    row: ReReview,
    *,
    outcome: Outcome,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    next_due: dt.date | None = None,
) -> None:
    """Close one re-review, with its record."""
    row.closed_at, row.closed_by_id, row.outcome = now, actor.user_id, outcome.value
    row.reason, row.next_due = reason, next_due
    row.save(update_fields=["closed_at", "closed_by", "outcome", "reason", "next_due"])
    record(
        action="template.rereview_closed",
        actor=actor,
        now=now,
        subjects=Subjects(template=row.version.template_id, version=row.version_id),
        payload={
            "rereview": str(row.pk),
            "cause": row.cause,
            "subject": row.subject,
            "outcome": outcome.value,
            "reason": reason,
            "content_hash": row.version.content_hash,
            "next_due": next_due.isoformat() if next_due else None,
        },
    )
