"""Pages of drills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.drills import rules, selectors, services
from crisis.drills.forms import (
    DrillFilter,
    DrillForm,
    EndForm,
    FindingForm,
    OutcomeForm,
    ReasonForm,
)
from crisis.drills.rules import Kind, State

_see = staff_page(Capability.CRISIS_VIEW)
_log = staff_page(Capability.CRISIS_LOG)
_run = staff_page(Capability.CRISIS_RUN)
_DONE = gettext_lazy("Saved.")


@require_safe
@_see
def drill_list(request: HttpRequest) -> HttpResponse:
    """All drills, and whether the year has enough of them."""
    actor, now = given_by(request)["actor"], clock.now()
    chosen = DrillFilter(request.GET)
    filters = chosen.values()
    page = keyset_page(selectors.drills(actor, **filters), request.GET.get("cursor"))
    context = {
        "drills": page,
        "filter": chosen,
        "filtered": any(filters.values()),
        "missing": selectors.missing(now),
        "owed": rules.A_YEAR,
        "overdue": list(selectors.overdue_findings(timezone.localdate(now))[:50]),
        "may_run": Capability.CRISIS_RUN in actor.capabilities,
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
    }
    return render(request, "crisis/drills/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_run
def drill_new(request: HttpRequest) -> HttpResponse:
    """Plan a drill."""
    form = DrillForm(request.POST or None, initial={"kind": Kind.INCIDENT.value})
    if request.method == "POST" and form.is_valid():
        try:
            drill = services.plan(**form.arguments(), **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _DONE)
            return redirect("crisis-drill", drill.pk)
    status = 422 if form.errors else 200
    return render(request, "crisis/drills/new.html", {"form": form}, status=status)


@require_safe
@_see
def drill_detail(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """The plan, the measured times, the score and what it showed."""
    return _page(request, drill_id)


def _page(request: HttpRequest, drill_id: UUID, **forms_: forms.Form) -> HttpResponse:
    actor, now = given_by(request)["actor"], clock.now()
    drill = selectors.drill_for(actor, drill_id)
    may_run = Capability.CRISIS_RUN in actor.capabilities
    may_log = Capability.CRISIS_LOG in actor.capabilities
    running = drill.state == State.RUNNING
    lost = (
        keyset_page(selectors.lost_of(drill), request.GET.get("cursor"), order=("id",))
        if drill.kind == Kind.LOST_CONTACT and drill.started_at
        else None
    )
    context: dict[str, Any] = {
        "drill": drill,
        "incident": drill.incident,
        "people": selectors.people(drill.participants),
        "result": selectors.live_results(drill, now),
        "steps": selectors.step_results(drill),
        "findings": selectors.findings_of(drill),
        "lost": lost,
        "today": timezone.localdate(now),
        "me": actor.user_id,
        "may_run": may_run,
        "may_start": may_run and drill.state == State.PLANNED,
        "may_end": may_run and running,
        "may_mark": may_log and running,
        "may_note": may_log and drill.state in {State.RUNNING, State.FINISHED},
        "cancel_form": ReasonForm(),
        "end_form": EndForm(),
        "finding_form": FindingForm(),
        "outcome_form": OutcomeForm(auto_id=False),
        **forms_,
    }
    if lost is not None:
        context["next_url"] = (
            query_with(request.GET, cursor=lost.next_cursor) if lost.next_cursor else ""
        )
        context["previous_url"] = (
            query_with(request.GET, cursor=lost.previous_cursor) if lost.previous_cursor else ""
        )
    status = 422 if any(form.errors for form in forms_.values()) else 200
    return render(request, "crisis/drills/detail.html", context, status=status)


def _done(
    request: HttpRequest,
    drill_id: UUID,
    step: Callable[..., object],
    *,
    name: str,
    form: forms.Form,
) -> HttpResponse:
    """Take a step of a drill with what its form says, or show what is wrong with it."""
    if form.is_valid():
        data = form.arguments() if hasattr(form, "arguments") else form.cleaned_data
        try:
            step(drill_id=drill_id, **data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _DONE)
            return redirect("crisis-drill", drill_id)
    return _page(request, drill_id, **{name: form})


@require_POST
@_run
def drill_start(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """Sound the alarm."""
    services.start(drill_id=drill_id, **given_by(request))
    messages.success(request, _("The exercise has begun."))
    return redirect("crisis-drill", drill_id)


@require_POST
@_run
def drill_cancel(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """Call it off."""
    form = ReasonForm(request.POST)
    return _done(request, drill_id, services.cancel, name="cancel_form", form=form)


@require_POST
@_run
def drill_end(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """End it and score it."""
    return _done(request, drill_id, services.end, name="end_form", form=EndForm(request.POST))


@require_POST
@_log
def drill_step(request: HttpRequest, drill_id: UUID, step: int) -> HttpResponse:
    """A measured step is done now."""
    services.mark_step(drill_id=drill_id, step=step, **given_by(request))
    return redirect("crisis-drill", drill_id)


@require_POST
@_log
def drill_found(request: HttpRequest, lost_id: UUID) -> HttpResponse:
    """A way to reach this investor was found."""
    lost = services.mark_found(lost_id=lost_id, **given_by(request))
    return redirect("crisis-drill", lost.drill_id)


@require_POST
@_log
def drill_finding(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """Note what it showed."""
    form = FindingForm(request.POST)
    return _done(request, drill_id, services.note_finding, name="finding_form", form=form)


@require_POST
@_log
def drill_settle(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """An action is done."""
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Say what came of it."), field="outcome")
    try:
        finding = services.settle_finding(
            finding_id=finding_id, outcome=form.cleaned_data["outcome"], **given_by(request)
        )
    except Conflict as conflict:
        messages.info(request, str(conflict))
        return redirect("crisis-drills")
    messages.success(request, _DONE)
    return redirect("crisis-drill", finding.drill_id)
