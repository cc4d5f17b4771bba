"""Pages of the register: list, one risk, its state, its assessments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import InvalidInput
from core.pages import keyset_page, pages_of, staff_page
from crisis.risks import page, selectors
from crisis.risks.forms import (
    AssessForm,
    ChangeRiskForm,
    FilterForm,
    NewRiskForm,
    ProposeForm,
    ReasonForm,
    RiskForm,
)
from crisis.risks.matrix.selectors import in_force
from crisis.risks.models import Acceptance
from crisis.risks.rounds import selectors as rounds
from crisis.risks.services import accepting, exporting, registering
from crisis.risks.web import EDIT, SEE, WORK, actor_of, done, rights_of

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@staff_page(*SEE)
def risk_list(request: HttpRequest) -> HttpResponse:
    """The register, narrowed by the filters in the address."""
    actor, now = actor_of(request), clock.now()
    form = FilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    matrix = in_force()
    found = selectors.register(actor, chosen)
    if level := chosen.get("level"):
        found = selectors.of_level(found, matrix, level)
    page_of = keyset_page(found, request.GET.get("cursor"))
    today = selectors.today_of(now)
    context = {
        "form": form,
        "rows": selectors.rows_of(page_of.items, matrix),
        "filtered": any(chosen.values()),
        "overdue": rounds.overdue(today),
        "round_missing": rounds.is_missing(today),
        "expired": selectors.expired_open(now),
        **rights_of(actor),
        **pages_of(request, page_of),
    }
    return render(request, "crisis/risks/list.html", context)


@_form
@staff_page(*EDIT)
def risk_new(request: HttpRequest) -> HttpResponse:
    """Put a risk into the register."""
    form = NewRiskForm(request.POST or None, initial=_raised_in(request))
    if request.method == "POST":
        made = done(request, form, registering.create_risk, _("In the register."))
        if made is not None:
            return redirect("risk-detail", made.pk)
    return _edit_page(request, form, None)


def _raised_in(request: HttpRequest) -> dict[str, str]:
    return {"round_id": request.GET.get("round", "")}


@_form
@staff_page(*EDIT)
def risk_edit(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Change what the register says of a risk."""
    risk = selectors.risk_for(actor_of(request), risk_id)
    form = ChangeRiskForm(request.POST) if request.method == "POST" else ChangeRiskForm.of(risk)
    if request.method == "POST":
        saved = done(request, form, registering.change_risk, _("Saved."), risk_id=risk.pk)
        if saved is not None:
            return redirect("risk-detail", risk.pk)
    return _edit_page(request, form, risk)


def _edit_page(request: HttpRequest, form: RiskForm, risk: Any) -> HttpResponse:
    context = {"form": form, "risk": risk, "departments": selectors.departments()}
    status = 422 if form.errors else 200
    return render(request, "crisis/risks/edit.html", context, status=status)


@require_safe
@staff_page(*SEE)
def risk_detail(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """One risk: figures, controls, acceptances, links, history."""
    return shown(request, risk_id)


def shown(request: HttpRequest, risk_id: UUID, **bound: forms.Form) -> HttpResponse:
    """The page of a risk; `bound` are forms that a service refused."""
    context = page.context_of(actor_of(request), risk_id, clock.now()) | bound
    return render(request, "crisis/risks/detail.html", context, status=422 if bound else 200)


@require_POST
@staff_page(*EDIT)
def risk_assess(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Assess a risk."""
    form = AssessForm(request.POST, auto_id="assess_%s")
    if done(request, form, registering.assess, _("Assessed."), risk_id=risk_id) is None:
        return shown(request, risk_id, assess_form=form)
    return redirect("risk-detail", risk_id)


MOVES: dict[str, Any] = {
    "close": (registering.close_risk, _("Closed.")),
    "reopen": (registering.reopen_risk, _("Open again.")),
}


@require_POST
@staff_page(*EDIT)
def risk_open(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Put a draft to work."""
    form = forms.Form(request.POST)
    if done(request, form, registering.open_risk, _("Open."), risk_id=risk_id) is None:
        return shown(request, risk_id, move_form=form)
    return redirect("risk-detail", risk_id)


@require_POST
@staff_page(*EDIT)
def risk_move(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Close a risk, or open a closed one again."""
    service, said = _chosen(MOVES, request.POST.get("verb", ""))
    form = ReasonForm(request.POST, auto_id="move_%s")
    if done(request, form, service, said, risk_id=risk_id) is None:
        return shown(request, risk_id, move_form=form)
    return redirect("risk-detail", risk_id)


def _chosen(moves: dict[str, Any], verb: str) -> Any:
    if verb not in moves:
        raise InvalidInput(_("Choose what to do."), field="verb")
    return moves[verb]


@require_POST
@staff_page(*EDIT)
def risk_propose(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Propose to live with a risk."""
    form = ProposeForm(request.POST, auto_id="propose_%s")
    if done(request, form, accepting.propose, _("Proposed."), risk_id=risk_id) is None:
        return shown(request, risk_id, propose_form=form)
    return redirect("risk-detail", risk_id)


ENDS: dict[str, Any] = {
    "approve": (accepting.approve, _("Accepted.")),
    "decline": (accepting.decline, _("Declined.")),
    "withdraw": (accepting.withdraw, _("Withdrawn.")),
    "revoke": (accepting.revoke, _("Revoked.")),
}


@require_POST
@staff_page(*WORK)
def risk_acceptance(request: HttpRequest, acceptance_id: UUID) -> HttpResponse:
    """Approve, decline, withdraw or revoke an acceptance."""
    found = Acceptance.objects.filter(pk=acceptance_id).first()
    risk_id = found.risk_id if found else acceptance_id
    selectors.risk_for(actor_of(request), risk_id)
    verb = request.POST.get("verb", "")
    service, said = _chosen(ENDS, verb)
    kind = forms.Form if verb == "approve" else ReasonForm
    form = kind(request.POST, auto_id="decide_%s")
    if done(request, form, service, said, acceptance_id=acceptance_id) is None:
        return shown(request, risk_id, decide_form=form)
    return redirect("risk-detail", risk_id)


@require_POST
@staff_page(*SEE)
def risk_export(request: HttpRequest) -> HttpResponse:
    """The register as CSV or PDF. Recorded."""
    form = FilterForm(request.POST)
    chosen = form.cleaned_data if form.is_valid() else {}
    written = request.POST.get("format", "")
    name, content = exporting.export_register(
        form=written, filters=chosen, actor=actor_of(request), now=clock.now()
    )
    kind = "application/pdf" if written == "pdf" else "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
