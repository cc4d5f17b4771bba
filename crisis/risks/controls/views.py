"""Pages of controls."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import NotFound
from core.pages import keyset_page, pages_of, staff_page
from crisis.risks.controls import selectors, services
from crisis.risks.controls.forms import AttachForm, ControlForm, EvidenceForm
from crisis.risks.controls.models import Control, ControlUse
from crisis.risks.evidence import SOURCES
from crisis.risks.forms import ReasonForm
from crisis.risks.recording import today_of
from crisis.risks.views import shown as risk_page
from crisis.risks.web import EDIT, SEE, actor_of, done, rights_of

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@staff_page(*SEE)
def control_list(request: HttpRequest) -> HttpResponse:
    """All controls, with how they stand now."""
    actor = actor_of(request)
    page = keyset_page(selectors.controls(actor), request.GET.get("cursor"))
    standing = selectors.standing_of(page.items, clock.now())
    context = {
        "rows": [(control, standing[control.pk]) for control in page.items],
        **rights_of(actor),
        **pages_of(request, page),
    }
    return render(request, "crisis/risks/controls.html", context)


@_form
@staff_page(*EDIT)
def control_new(request: HttpRequest) -> HttpResponse:
    """Add a control."""
    form = ControlForm(request.POST or None)
    if request.method == "POST":
        made = done(request, form, services.create_control, _("Added."))
        if made is not None:
            return redirect("risk-control", made.pk)
    return _edit_page(request, form, None)


@_form
@staff_page(*EDIT)
def control_edit(request: HttpRequest, control_id: UUID) -> HttpResponse:
    """Change a control."""
    control = selectors.control_for(actor_of(request), control_id)
    form = ControlForm(request.POST) if request.method == "POST" else ControlForm.of(control)
    if request.method == "POST":
        saved = done(request, form, services.change_control, _("Saved."), control_id=control.pk)
        if saved is not None:
            return redirect("risk-control", control.pk)
    return _edit_page(request, form, control)


def _edit_page(request: HttpRequest, form: ControlForm, control: Control | None) -> HttpResponse:
    context = {"form": form, "control": control}
    status = 422 if form.errors else 200
    return render(request, "crisis/risks/control_edit.html", context, status=status)


@require_safe
@staff_page(*SEE)
def control_detail(request: HttpRequest, control_id: UUID) -> HttpResponse:
    """One control: its evidence, and the risks that rely on it."""
    return _shown(request, control_id)


def _shown(request: HttpRequest, control_id: UUID, **bound: forms.Form) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    control = selectors.control_for(actor, control_id)
    uses = control.uses.filter(ended_at=None).select_related("risk").order_by("risk__code")
    source = SOURCES.get(control.source)
    context = {
        "control": control,
        "evidence": selectors.standing_of([control], now)[control.pk],
        "source": source,
        "source_url": reverse(source.route) if source else "",
        "notes": selectors.evidence_of(control),
        "uses": list(uses),
        "evidence_form": EvidenceForm.for_today(today_of(now), auto_id="evidence_%s"),
        "retire_form": ReasonForm(auto_id="retire_%s"),
        "today": today_of(now),
        **rights_of(actor),
        **bound,
    }
    status = 422 if bound else 200
    return render(request, "crisis/risks/control.html", context, status=status)


@require_POST
@staff_page(*EDIT)
def control_evidence(request: HttpRequest, control_id: UUID) -> HttpResponse:
    """Note what was seen of a control."""
    form = EvidenceForm(request.POST, auto_id="evidence_%s")
    said = _("Noted.")
    if done(request, form, services.add_evidence, said, control_id=control_id) is None:
        return _shown(request, control_id, evidence_form=form)
    return redirect("risk-control", control_id)


@require_POST
@staff_page(*EDIT)
def control_retire(request: HttpRequest, control_id: UUID) -> HttpResponse:
    """Retire a control."""
    form = ReasonForm(request.POST, auto_id="retire_%s")
    said = _("Retired.")
    if done(request, form, services.retire_control, said, control_id=control_id) is None:
        return _shown(request, control_id, retire_form=form)
    return redirect("risk-control", control_id)


@require_POST
@staff_page(*EDIT)
def control_attach(request: HttpRequest, risk_id: UUID) -> HttpResponse:
    """Say that a control acts on a risk."""
    form = AttachForm(request.POST, auto_id="attach_%s")
    if done(request, form, services.attach, _("Added."), risk_id=risk_id) is None:
        return risk_page(request, risk_id, attach_form=form)
    return redirect("risk-detail", risk_id)


@require_POST
@staff_page(*EDIT)
def control_detach(request: HttpRequest, use_id: UUID) -> HttpResponse:
    """Say that a control no longer acts on a risk."""
    use = ControlUse.objects.filter(pk=use_id).first()
    if use is None:
        raise NotFound(_("There is no such control of a risk."))
    form = ReasonForm(request.POST, auto_id=f"detach_{use_id}_%s")
    if done(request, form, services.detach, _("Taken off."), use_id=use_id) is None:
        return risk_page(request, use.risk_id, detach_form=form)
    return redirect("risk-detail", use.risk_id)
