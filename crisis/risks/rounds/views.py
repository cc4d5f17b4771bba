"""Pages of rounds."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.pages import keyset_page, pages_of, staff_page
from crisis.risks import selectors as register
from crisis.risks.forms import ReasonForm
from crisis.risks.recording import today_of
from crisis.risks.rounds import rules, selectors, services
from crisis.risks.rounds.forms import AttendanceForm, MinutesForm, RoundForm
from crisis.risks.rounds.models import Round
from crisis.risks.rules import quarter_bounds, quarter_of
from crisis.risks.web import EDIT, SEE, WORK, actor_of, done, rights_of

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@staff_page(*SEE)
def round_list(request: HttpRequest) -> HttpResponse:
    """All rounds, newest day first."""
    actor, today = actor_of(request), today_of(clock.now())
    page = keyset_page(
        selectors.rounds(actor), request.GET.get("cursor"), order=("-planned_on", "-id")
    )
    context = {
        "rows": [(found, _state(found)) for found in page.items],
        "missing": selectors.is_missing(today),
        "quarter": quarter_of(today),
        **rights_of(actor),
        **pages_of(request, page),
    }
    return render(request, "crisis/risks/rounds.html", context)


def _state(found: Round) -> str:
    today = today_of(clock.now())
    overdue = rules.is_overdue(found.state, found.planned_on, today=today)
    return "overdue" if overdue else found.state


@_form
@staff_page(*EDIT)
def round_new(request: HttpRequest) -> HttpResponse:
    """Plan a round."""
    today = today_of(clock.now())
    quarters = [quarter_of(today), quarter_of(quarter_bounds(quarter_of(today))[1])]
    initial = {"departments": "\n".join(register.departments()), "planned_on": today}
    form = RoundForm(request.POST or None, initial=initial, quarters=quarters)
    if request.method == "POST":
        made = done(request, form, services.plan_round, _("Planned."))
        if made is not None:
            return redirect("risk-round", made.pk)
    status = 422 if form.errors else 200
    return render(request, "crisis/risks/round_new.html", {"form": form}, status=status)


@require_safe
@staff_page(*SEE)
def round_detail(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """One round: who was invited, who came, what it raised, its minutes."""
    return _shown(request, round_id)


def _shown(request: HttpRequest, round_id: UUID, **bound: forms.Form) -> HttpResponse:
    actor = actor_of(request)
    found = selectors.round_for(actor, round_id)
    rights = rights_of(actor)
    is_chair = found.chair_id == actor.user_id and any(rights.values())
    planned = found.state == rules.State.PLANNED
    context = {
        "round": found,
        "state": _state(found),
        "attendance": selectors.attendance_of(found),
        "risks": list(found.risks.select_related("owner").order_by("code")),
        "attendance_form": AttendanceForm(auto_id="attendance_%s"),
        "minutes_form": MinutesForm(auto_id="minutes_%s"),
        "cancel_form": ReasonForm(auto_id="cancel_%s"),
        "may_note": planned and (is_chair or rights["may_edit"]),
        "may_close": planned and is_chair,
        **rights,
        **bound,
    }
    status = 422 if bound else 200
    return render(request, "crisis/risks/round.html", context, status=status)


@require_POST
@staff_page(*WORK)
def round_attendance(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Note whether somebody took part."""
    selectors.round_for(actor_of(request), round_id)
    form = AttendanceForm(request.POST, auto_id="attendance_%s")
    if done(request, form, services.note_attendance, _("Noted."), round_id=round_id) is None:
        return _shown(request, round_id, attendance_form=form)
    return redirect("risk-round", round_id)


@require_POST
@staff_page(*WORK)
def round_close(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Close a round with its minutes."""
    selectors.round_for(actor_of(request), round_id)
    form = MinutesForm(request.POST, auto_id="minutes_%s")
    if done(request, form, services.close_round, _("Closed."), round_id=round_id) is None:
        return _shown(request, round_id, minutes_form=form)
    return redirect("risk-round", round_id)


@require_POST
@staff_page(*WORK)
def round_cancel(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Call a round off."""
    selectors.round_for(actor_of(request), round_id)
    form = ReasonForm(request.POST, auto_id="cancel_%s")
    if done(request, form, services.cancel_round, _("Called off."), round_id=round_id) is None:
        return _shown(request, round_id, cancel_form=form)
    return redirect("risk-round", round_id)
