"""Dry runs on pages: at once where the audience is small, in the background where it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from comms import audience, page_selectors
from comms.dryruns import jobs
from comms.dryruns.models import DryRunJob
from comms.dryruns.services import VALID_FOR, fingerprint
from comms.models import Notice
from comms.services import notices
from comms.views.common import about, actor_of, plan_of, whole_notice_for
from comms.views.messages import samples_of
from core import clock
from core.pages import is_htmx, staff_page
from core.roles import Capability

RELEASE = "release"  # the page that a background dry run is shown on, when not its own


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Capability.NOTICES_VIEW)
def notice_dry_run(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """What releasing it now would do: a part of the draft's page, or a page of its own. POST has
    workers make it anew."""
    actor, notice = actor_of(request), whole_notice_for(request, notice_id)
    now = clock.now()
    if request.method == "POST":
        jobs.request_dry_run(notice_id=notice.pk, actor=actor, now=now)
        return redirect(_page_of(notice, request.POST.get("back", "")))
    context = about(notice, actor)
    template = "comms/parts/dry_run_part.html" if is_htmx(request) else "comms/notice_dry_run.html"
    if not jobs.is_large(notice):
        preview = notices.preview_audience(notice_id=notice.pk, actor=actor, now=now)
        context |= dry_run_context(notice, preview.summary(), preview.samples)
    elif (made := shown_fresh(notice, now)) is not None:
        context |= kept_context(notice, made.summary) | {"made": made, "large": True}
    else:
        context |= job_context(notice, now)
    return render(request, template, context)


@require_POST
@staff_page(Capability.NOTICES_VIEW)
def notice_dry_run_cancel(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Stop the dry run that is under way."""
    notice = whole_notice_for(request, notice_id)
    jobs.cancel_dry_run(notice_id=notice.pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The dry run was stopped."))
    return redirect(_page_of(notice, request.POST.get("back", "")))


def shown_fresh(notice: Notice, now: dt.datetime) -> Any:
    """The fresh dry run to show, unless a newer one is under way."""
    job = jobs.latest(notice)
    if job is not None and job.open and job.fingerprint == fingerprint(notice):
        return None
    return jobs.fresh(notice, now)


def job_context(notice: Notice, now: dt.datetime, *, back: str = "") -> dict[str, Any]:
    """What `parts/dry_run_job.html` shows: nothing yet, how far it is, or what went wrong."""
    job = jobs.latest(notice)
    rate, left = jobs.rate_of(job, now) if job else (None, None)
    state = job.state if job else ""
    if job is not None and job.fingerprint != fingerprint(notice):
        state = DryRunJob.State.SUPERSEDED.value
    elif state == DryRunJob.State.DONE:
        state = "old"
    running = bool(job and job.open and state != DryRunJob.State.SUPERSEDED)
    return {
        "job": job,
        "job_part": True,
        "job_state": state,
        "job_open": running,
        "lost_worker": bool(
            job and job.open and job.lease_until is not None and job.lease_until < now
        ),
        "gave_up": bool(job and job.error_code == jobs.LOST),
        "expected": job.expected if running and job else audience.size(notice),
        "rate": rate,
        "seconds_left": left,
        "minutes": VALID_FOR // dt.timedelta(minutes=1),
        "back": back,
        "poll_url": _page_of(notice, back),
    }


def _page_of(notice: Notice, back: str) -> str:
    if back == RELEASE:
        return f"{reverse('notice-release', args=[notice.pk])}?now=1"
    return reverse("notice-dry-run", args=[notice.pk])


def kept_context(notice: Notice, summary: Mapping[str, Any]) -> dict[str, Any]:
    """`dry_run_context` of a dry run that was kept: its samples are rendered anew."""
    policy, wordings = audience.prepare(notice)
    return dry_run_context(notice, summary, audience.samples(notice, wordings, policy))


def dry_run_context(
    notice: Notice, summary: Mapping[str, Any], samples: Iterable[audience.Sample]
) -> dict[str, Any]:
    """What `parts/dry_run.html` and `parts/samples.html` show."""
    problems = [
        _("%(count)s recipients have no value for “%(name)s”; the release would be refused.")
        % {"count": count, "name": name}
        for name, count in sorted(audience.missing_in(summary).items())
    ]
    if not summary["candidates"]:
        problems.append(_("The audience is empty: no active investor matches the query."))
    elif summary["nobody"] == summary["candidates"]:
        problems.append(_("It would reach nobody; see below why each of them is left out."))
    return {
        "dry": page_selectors.read_dry_run(summary, plan_of(notice).channels),
        "problems": problems,
        "samples": samples_of(notice, list(samples)),
    }
