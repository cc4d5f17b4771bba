"""A notice on its way: how it stands, release, pause, resume, cancel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comms import audience, notice_panels, page_selectors, selectors
from comms.dryruns import jobs
from comms.dryruns.services import make_dry_run
from comms.forms import ReasonForm
from comms.models import Notice
from comms.rules import DeliveryState, NoticeState
from comms.services import notices
from comms.views.common import (
    about,
    actor_of,
    controls_of,
    difference_words,
    notice_for,
    plan_of,
    whole_notice_for,
)
from comms.views.dry_runs import RELEASE, dry_run_context, job_context, kept_context, shown_fresh
from comms.views.messages import samples_of
from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.pages import is_htmx, staff_page
from core.roles import Capability

LIVE = frozenset({NoticeState.RELEASED, NoticeState.SENDING})
CONTROL = (Capability.NOTICES_CONTROL, Capability.NOTICES_PREPARE)


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_detail(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """How a notice stands: the dry run before the release, the figures after it."""
    actor, notice = actor_of(request), whole_notice_for(request, notice_id)
    context = about(notice, actor) | {
        "controls": controls_of(notice, actor),
        "panels": notice_panels.rendered(request, notice),
    }
    if notice.released_at:
        context |= live_context(notice)
        context["lapsed"] = selectors.lapsed_wording(notice, clock.now())
    return render(request, "comms/notice_detail.html", context)


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_live(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """The figures alone, for HTMX; the whole page is asked for again when the state has moved."""
    notice = notice_for(request, notice_id)
    if not is_htmx(request):
        return redirect("notice-detail", notice.pk)
    if request.GET.get("state") != notice.state:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "comms/parts/live.html", {"notice": notice} | live_context(notice))


def live_context(notice: Notice) -> dict[str, Any]:
    """What `parts/live.html` shows."""
    figures = page_selectors.figures(notice.pk)
    live = notice.state in LIVE
    progress = selectors.notice_progress(notice.pk, now=clock.now()) if live else None
    return {
        "figures": figures,
        "states": [state.value for state in DeliveryState if figures.by_state.get(state.value)],
        "held": figures.by_state.get(DeliveryState.HELD.value, 0),
        "live": live,
        "rate": progress.rate_per_s if progress else None,
        "seconds_left": progress.seconds_left if progress else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Capability.NOTICES_RELEASE, Capability.NOTICES_PREPARE)
def notice_release(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """What the second person sees before letting a notice out, and the decision (D9)."""
    actor, notice = actor_of(request), whole_notice_for(request, notice_id)
    if request.method == "POST":
        _require_unchanged(notice, request.POST.get("shown", ""))
        notices.release_notice(
            notice_id=notice.pk,
            actor=actor,
            now=clock.now(),
            dry_run_id=_uuid(request.POST.get("dry_run", "")),
        )
        messages.success(request, _("Released. It is planned and goes out now."))
        return redirect("notice-detail", notice.pk)
    if notice.state != NoticeState.READY:
        return redirect("notice-detail", notice.pk)
    return _release_page(request, notice, actor, ReasonForm(auto_id="refuse_%s"))


@require_POST
@staff_page(Capability.NOTICES_RELEASE)
def notice_refuse(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Give a submitted notice back to its preparer, with a reason."""
    actor, notice = actor_of(request), whole_notice_for(request, notice_id)
    form = ReasonForm(request.POST, auto_id="refuse_%s")
    if not form.is_valid():
        return _release_page(request, notice, actor, form, status=422)
    notices.take_back(notice_id=notice.pk, actor=actor, now=clock.now(), **form.cleaned_data)
    messages.success(request, _("Given back. It is a draft again, with your reason on it."))
    return redirect("notice-detail", notice.pk)


def _release_page(
    request: HttpRequest, notice: Notice, actor: Actor, form: ReasonForm, status: int = 200
) -> HttpResponse:
    """The frozen dry run at once; how things stand now, and with it the decision, as a part that
    follows, because it goes through the whole audience."""
    context = about(notice, actor)
    decided = bool(request.GET.get("now")) or status != 200
    if decided:
        context |= _as_it_stands(notice, actor, form)
        if is_htmx(request):
            part = "dry_run_job" if "job_part" in context else "release_now"
            return render(request, f"comms/parts/{part}.html", context)
    else:
        policy, wordings = audience.prepare(notice)
        context |= {
            "dry": page_selectors.read_dry_run(notice.dry_run, plan_of(notice).channels),
            "samples": samples_of(notice, audience.samples(notice, wordings, policy)),
        }
    context["decided"] = decided
    return render(request, "comms/notice_release.html", context, status=status)


def _as_it_stands(notice: Notice, actor: Actor, form: ReasonForm) -> dict[str, Any]:
    """A dry run as of now and the decision; of a large audience, the fresh one that workers made
    or how far they are."""
    now = clock.now()
    if jobs.is_large(notice):
        made = shown_fresh(notice, now)
        if made is None:
            return job_context(notice, now, back=RELEASE)
        dry = kept_context(notice, made.summary) | {"large": True, "back": RELEASE}
    else:
        made, preview = make_dry_run(notice_id=notice.pk, actor=actor, now=now)
        dry = dry_run_context(notice, made.summary, preview.samples)
    return dry | {
        "made": made,
        "changes": difference_words(audience.difference(notice.dry_run, made.summary)),
        "why_not": _why_not(notice, actor),
        "may_refuse": Capability.NOTICES_RELEASE in actor.capabilities,
        "refuse_form": form,
        "shown": _shown(notice),
    }


def _why_not(notice: Notice, actor: Actor) -> dict[str, str] | None:
    """Why this person cannot release, in words; the service refuses for the same reasons."""
    if Capability.NOTICES_RELEASE not in actor.capabilities:
        return {
            "title": _("You cannot release"),
            "message": _("Your roles do not include the right to release; a releaser decides."),
        }
    if actor.user_id in (notice.prepared_by_id, notice.submitted_by_id):
        return {
            "title": _("A second person is needed"),
            "message": _(
                "You prepared this notice, so somebody else must release it. Nobody is exempt."
            ),
        }
    return None


def _uuid(text: str) -> UUID | None:
    """The id in a hidden field; None when there is none that could be one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _shown(notice: Notice) -> str:
    return notice.submitted_at.isoformat() if notice.submitted_at else ""


def _require_unchanged(notice: Notice, shown: str) -> None:
    """A notice that was taken back and submitted again since the page was shown is another."""
    if shown != _shown(notice):
        raise Conflict(
            _("The notice was submitted anew after you opened this page; look at it again.")
        )


@require_POST
@staff_page(Capability.NOTICES_PREPARE, Capability.NOTICES_RELEASE)
def notice_take_back(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Turn a submitted notice into a draft again."""
    return _step(request, notice_id, notices.take_back, _("It is a draft again."))


@require_POST
@staff_page(Capability.NOTICES_CONTROL)
def notice_pause(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Stop handing over."""
    return _step(request, notice_id, notices.pause_notice, _("Paused. Nothing more is begun."))


@require_POST
@staff_page(Capability.NOTICES_CONTROL)
def notice_resume(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Go on where the pause stopped."""
    return _step(request, notice_id, notices.resume_notice, _("It goes on."))


@require_POST
@staff_page(*CONTROL)
def notice_cancel(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """End a notice for good."""
    return _step(request, notice_id, notices.cancel_notice, _("Cancelled."))


def _step(request: HttpRequest, notice_id: UUID, service: Any, done: str) -> HttpResponse:
    """A step with a reason: do it, or say on the notice's page what is missing."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    service(notice_id=notice_id, actor=actor_of(request), now=clock.now(), **form.cleaned_data)
    messages.success(request, done)
    return redirect("notice-detail", notice_id)
