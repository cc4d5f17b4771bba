"""Pages of clocks: the list, and one clock with what may be done about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.reviewed.views import Service, given_by
from core.roles import Capability
from crisis.clocks import describing, selectors, services
from crisis.clocks.forms import ListForm, ReasonForm
from crisis.clocks.models import Clock
from crisis.clocks.rules import State

_see = staff_page(Capability.CRISIS_VIEW)
_run = staff_page(Capability.CRISIS_RUN)
_end = staff_page(Capability.CRISIS_RUN, Capability.CRISIS_APPROVE)


@require_safe
@_see
def clock_list(request: HttpRequest) -> HttpResponse:
    """All clocks that run, or that were ever missed, nearest first."""
    now = given_by(request)["now"]
    form = ListForm(request.GET)
    rows = selectors.clock_list(**form.chosen(), now=now)
    page = keyset_page(rows, request.GET.get("cursor"), order=("due_at", "id"))
    cursors = (page.previous_cursor, page.next_cursor)
    previous, following = (query_with(request.GET, cursor=c) if c else "" for c in cursors)
    context = {
        "clocks": [selectors.shown(clock, now) for clock in page.items],
        "form": form,
        "filtered": any(form.chosen().values()),
        "previous_url": previous,
        "next_url": following,
    }
    return render(request, "crisis/clocks/list.html", context)


@require_safe
@_see
def clock_detail(request: HttpRequest, clock_id: UUID) -> HttpResponse:
    """One clock: the row it was started by, its times, its pauses, and its moves."""
    return _page(request, selectors.clock_for(given_by(request)["actor"], clock_id), ReasonForm())


def _page(request: HttpRequest, clock: Clock, form: ReasonForm, verb: str = "") -> HttpResponse:
    given = given_by(request)
    held = given["actor"].capabilities
    duty = clock.duty
    running = clock.state == State.RUNNING
    runs = Capability.CRISIS_RUN in held and not duty.statutory
    ends = Capability.CRISIS_APPROVE in held if duty.statutory else Capability.CRISIS_RUN in held
    context: dict[str, Any] = {
        "clock": clock,
        "shown": selectors.shown(clock, given["now"]),
        "described": describing.describe([duty])[0],
        "siblings": selectors.clocks_of(clock.incident, given["now"]),
        "pauses": clock.pauses.select_related("paused_by", "resumed_by"),
        "may_pause": runs and running and clock.due_at > given["now"],
        "may_resume": runs and clock.state == State.PAUSED,
        "may_call_off": ends and clock.is_live,
        "may_write": bool(held & {Capability.CRISIS_RUN, Capability.CRISIS_APPROVE}),
        "form": form,
        "verb": verb,
    }
    status = 422 if form.errors else 200
    return render(request, "crisis/clocks/detail.html", context, status=status)


def _move(request: HttpRequest, clock_id: UUID, verb: str, service: Service) -> HttpResponse:
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            service(clock_id=clock_id, reason=form.cleaned_data["reason"], **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Done."))
            return redirect("clock-detail", clock_id)
    clock = selectors.clock_for(given_by(request)["actor"], clock_id)
    return _page(request, clock, form, verb)


@require_POST
@_run
def clock_pause(request: HttpRequest, clock_id: UUID) -> HttpResponse:
    """Stop a house clock with a reason."""
    return _move(request, clock_id, "pause", services.pause)


@require_POST
@_run
def clock_resume(request: HttpRequest, clock_id: UUID) -> HttpResponse:
    """Let a paused clock go on."""
    return _move(request, clock_id, "resume", services.resume)


@require_POST
@_end
def clock_call_off(request: HttpRequest, clock_id: UUID) -> HttpResponse:
    """Call a clock off because the duty does not hold here."""
    return _move(request, clock_id, "call-off", services.call_off)
