"""Dry runs of large audiences, in the background.

A request makes a row and rings; workers count page after page in shifts of a few seconds, so that
sending is not kept waiting, and write down after each page how far they are. A worker that is
killed loses its page only: its lease runs out and the next shift goes on from the last page. After
`LOST_AT_MOST` lost workers the job fails, and says so. What a job ends in is an ordinary dry run
(`services.keep`), fresh from when it was finished, because consent is asked again at sending (I5).
"""

from __future__ import annotations

import datetime as dt
import time
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms import audience, doorbell
from comms.audience import AudiencePreview
from comms.dryruns.models import OPEN, DryRun, DryRunJob
from comms.dryruns.services import VALID_FOR, fingerprint, keep
from comms.models import Notice
from comms.planning import Planner
from core import clock
from core.access import require, require_line
from core.actor import Actor, system
from core.errors import Conflict, NotFound, VouchsafeError
from core.roles import Capability

State = DryRunJob.State
LEASE = dt.timedelta(seconds=60)
SHIFT = 5.0  # seconds
LOST_AT_MOST = 3
LOST = "worker_lost"
_RING_AGAIN = dt.timedelta(seconds=10)


def is_large(notice: Notice) -> bool:
    """Whether its dry run is too long for a request."""
    return audience.size(notice) > settings.DRY_RUN_AT_ONCE


@transaction.atomic
def request_dry_run(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> DryRunJob:
    """Have workers make a dry run of the notice as it stands. One that is under way for the same
    notice is joined; one of the notice as it was is superseded.

    Raises Conflict when the wording is not approved.
    """
    require(actor, Capability.NOTICES_VIEW)
    notice = Notice.objects.select_for_update(of=("self",)).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    audience.prepare(notice)
    told = fingerprint(notice)
    under_way = (
        DryRunJob.objects.select_for_update().filter(notice=notice.pk, state__in=OPEN).first()
    )
    if under_way is not None:
        if under_way.fingerprint == told:
            return under_way
        _end(under_way, State.SUPERSEDED, now)
    job = DryRunJob.objects.create(
        notice=notice,
        fingerprint=told,
        asked_by=actor.ref,
        requested_at=now,
        expected=audience.size(notice),
    )
    _record("notice.dry_run_requested", job, actor, now, {"expected": job.expected})
    doorbell.dry_run(job.pk)
    return job


@transaction.atomic
def cancel_dry_run(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> DryRunJob:
    """Stop the dry run that is under way; raises Conflict when there is none (any more)."""
    require(actor, Capability.NOTICES_VIEW)
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    job = DryRunJob.objects.select_for_update().filter(notice=notice_id, state__in=OPEN).first()
    if job is None:
        raise Conflict(_("No dry run of this notice is under way."), code="no_dry_run")
    _end(job, State.CANCELLED, now)
    _record("notice.dry_run_cancelled", job, actor, now, {"counted": job.done})
    return job


# Workers ------------------------------------------------------------------------------------


def carry_out(*, job_id: UUID, now: dt.datetime, shift: float = SHIFT) -> bool:
    """Count for `shift` seconds, or to the end; returns whether more is left to do. Nothing
    happens to a job that ended, or that another worker has. A refusal ends the job as failed."""
    job = _claim(job_id, now)
    if job is None:
        return False
    try:
        return _work(job, time.monotonic() + shift)
    except VouchsafeError as error:
        with transaction.atomic():
            held = _held(job)
            if held is not None:
                _fail(held, error.code, str(error), clock.now())
        return False


def waiting(now: dt.datetime) -> list[UUID]:
    """Jobs that nobody works on though somebody should: the bell was lost, or the worker."""
    return list(
        DryRunJob.objects.filter(
            Q(lease_until=None, requested_at__lt=now - _RING_AGAIN) | Q(lease_until__lt=now),
            state__in=OPEN,
        ).values_list("pk", flat=True)
    )


@transaction.atomic
def _claim(job_id: UUID, now: dt.datetime) -> DryRunJob | None:
    job = (
        DryRunJob.objects.select_for_update(skip_locked=True)
        .filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=job_id, state__in=OPEN)
        .first()
    )
    if job is None:
        return None
    if job.lease_until is not None:
        job.lost += 1
        if job.lost >= LOST_AT_MOST:
            _fail(job, LOST, "", now)
            return None
    job.state, job.started_at = State.RUNNING.value, job.started_at or now
    job.holder, job.lease_until = uuid4(), now + LEASE
    job.save()
    return job


def _work(job: DryRunJob, until: float) -> bool:
    notice = Notice.objects.get(pk=job.notice_id)
    if fingerprint(notice) != job.fingerprint:
        return _conclude(job, None)
    prepared = audience.prepare(notice)
    assert job.started_at is not None
    planner = Planner(prepared.policy, job.started_at)
    preview = AudiencePreview.from_json(job.partial)
    after = job.after
    while page := audience.page_after(notice, after):
        audience.count_page(preview, planner, prepared.wordings, page)
        after = page[-1].investor_id
        rest = time.monotonic() > until
        if not _note(job, preview, after, rest=rest):
            return False
        if rest:
            return True
    audience.finish(preview, notice, prepared)
    return _conclude(job, preview)


def _note(job: DryRunJob, preview: AudiencePreview, after: UUID, *, rest: bool) -> bool:
    """Write down how far it is; false when the job is no longer this worker's."""
    lease = {"holder": None, "lease_until": None} if rest else {"lease_until": clock.now() + LEASE}
    return bool(
        _mine(job).update(done=preview.candidates, partial=preview.to_json(), after=after, **lease)
    )


@transaction.atomic
def _conclude(job: DryRunJob, preview: AudiencePreview | None) -> bool:
    """Keep the outcome, unless the notice changed or the job is no longer this worker's."""
    now = clock.now()
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=job.notice_id)
    held = _held(job)
    if held is None:
        return False
    if preview is None or fingerprint(notice) != held.fingerprint:
        _end(held, State.SUPERSEDED, now)
        return False
    held.dry_run = keep(notice, preview.summary(), actor=_asker(held), now=now)
    held.done = preview.candidates
    held.partial = preview.to_json()
    _end(held, State.DONE, now)
    return False


def _mine(job: DryRunJob) -> QuerySet[DryRunJob]:
    return DryRunJob.objects.filter(pk=job.pk, state=State.RUNNING, holder=job.holder)


def _held(job: DryRunJob) -> DryRunJob | None:
    return _mine(job).select_for_update().first()


def _fail(job: DryRunJob, code: str, words: str, now: dt.datetime) -> None:
    job.error_code, job.error = code, words
    _end(job, State.FAILED, now)
    facts = {"code": code, "counted": job.done, "lost": job.lost}
    _record("notice.dry_run_failed", job, system("dry-run"), now, facts)


def _end(job: DryRunJob, state: DryRunJob.State, now: dt.datetime) -> None:
    job.state, job.finished_at = state.value, now
    job.holder = job.lease_until = None
    job.save()


def _record(
    action: str, job: DryRunJob, actor: Actor, now: dt.datetime, facts: dict[str, object]
) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(notice=job.notice_id),
        payload={"job": str(job.pk), "fingerprint": job.fingerprint, **facts},
    )


def _asker(job: DryRunJob) -> Actor:
    kind, _colon, identity = job.asked_by.partition(":")
    return Actor(kind, identity, job.asked_by)


# Reading ------------------------------------------------------------------------------------


def latest(notice: Notice) -> DryRunJob | None:
    """The newest job of the notice, whatever became of it."""
    return DryRunJob.objects.filter(notice=notice.pk).select_related("dry_run").first()


def fresh(notice: Notice, now: dt.datetime) -> DryRun | None:
    """The newest dry run of the notice as it stands that a release would accept."""
    return DryRun.objects.filter(
        notice=notice.pk, fingerprint=fingerprint(notice), made_at__gte=now - VALID_FOR
    ).first()


def require_fresh(notice: Notice, now: dt.datetime) -> DryRun:
    """The same; raises Conflict (`dry_run_needed`) when there is none."""
    found = fresh(notice, now)
    if found is None:
        raise Conflict(
            _("The audience is large: have its dry run made first; it is accepted for "
              "%(minutes)s minutes.") % {"minutes": VALID_FOR // dt.timedelta(minutes=1)},
            code="dry_run_needed",
        )  # fmt: skip
    return found


def last_listed(notice: Notice) -> AudiencePreview | None:
    """The counts and listed pseudonyms of the newest finished job of the notice as it stands."""
    job = DryRunJob.objects.filter(
        notice=notice.pk, fingerprint=fingerprint(notice), state=State.DONE
    ).first()
    return AudiencePreview.from_json(job.partial) if job else None


def listed(notice: Notice) -> AudiencePreview:
    """The same; raises Conflict (`dry_run_needed`) when there is none."""
    found = last_listed(notice)
    if found is None:
        raise Conflict(
            _("The audience is large: have its dry run made first."), code="dry_run_needed"
        )
    return found


def rate_of(job: DryRunJob, now: dt.datetime) -> tuple[float | None, int | None]:
    """Investors per second since it started, and the seconds that are left; None when it cannot
    be said yet."""
    if job.started_at is None or not job.done:
        return None, None
    seconds = ((job.finished_at or now) - job.started_at).total_seconds()
    if seconds <= 0:
        return None, None
    rate = job.done / seconds
    left = max(job.expected - job.done, 0) / rate
    return rate, round(left)
