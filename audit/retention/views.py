"""Pages of the retention schedule and of shredding proposals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.retention import selectors, services
from audit.retention.forms import AssignmentForms, ReasonForm, RuleForm, ScopeForm
from audit.retention.labels import KINDS
from audit.retention.models import RetentionProposal, RetentionSchedule
from core import clock
from core.access import require_step_up
from core.actor import Actor
from core.errors import InvalidInput, NotFound, VouchsafeError
from core.forms import add_error
from core.pages import keyset_page, pages_of, staff_page
from core.roles import Capability as C

SEE = (C.RETENTION_MANAGE, C.RETENTION_APPROVE, C.HOLDS_PLACE, C.AUDIT_BROWSE)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def reason_of(request: HttpRequest) -> str:
    """The reason that was typed; raises InvalidInput without one."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Say why."), field="reason")
    reason: str = form.cleaned_data["reason"]
    return reason


def _note_read(request: HttpRequest, what: str, shown: int) -> None:
    services.note_retention_read(what=what, shown=shown, actor=actor_of(request), now=clock.now())


# --- the schedule ---------------------------------------------------------------------------


@require_safe
@staff_page(*SEE)
def retention(request: HttpRequest) -> HttpResponse:
    """The schedule in force, and all its versions."""
    schedule = selectors.schedule_in_force()
    versions = list(selectors.schedules()[:50])
    _note_read(request, "retention_schedules", len(versions))
    context = {
        "schedule": schedule,
        "rules_plain": [(rule, "") for rule in schedule.rules.all()],
        "versions": versions,
        "open_version": next((v for v in versions if v.state in {"draft", "submitted"}), None),
        "may_manage": C.RETENTION_MANAGE in actor_of(request).capabilities,
        "form": ReasonForm(),
    }
    return render(request, "audit/retention.html", context)


@require_POST
@staff_page(C.RETENTION_MANAGE)
def retention_draft(request: HttpRequest) -> HttpResponse:
    """Start a new version."""
    schedule = services.draft_schedule(
        reason=reason_of(request), actor=actor_of(request), now=clock.now()
    )
    return redirect("retention-version", schedule_id=schedule.pk)


@require_safe
@staff_page(*SEE)
def retention_version(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """One version: its classes, what changed against the one before, and what is next."""
    schedule = selectors.schedule_by_id(schedule_id)
    _note_read(request, f"retention_schedule:{schedule.pk}", 1)
    return render(request, "audit/retention_version.html", version_context(request, schedule))


def version_context(request: HttpRequest, schedule: RetentionSchedule) -> dict[str, Any]:
    """What the page of a version shows."""
    actor = actor_of(request)
    people = [*schedule.editors, schedule.submitted_by, schedule.decided_by]
    names = selectors.person_names(people)
    mine = actor.user_id in people[:-1]
    manages = C.RETENTION_MANAGE in actor.capabilities
    approves = C.RETENTION_APPROVE in actor.capabilities
    return {
        "schedule": schedule,
        "rules": selectors.rules_with_change(schedule),
        "assignments": selectors.assignments_with_change(schedule),
        "editors": [names.get(each, str(each)) for each in schedule.editors],
        "submitted_by": names.get(schedule.submitted_by) if schedule.submitted_by else "",
        "decided_by": names.get(schedule.decided_by) if schedule.decided_by else "",
        "lines": selectors.line_names(schedule),
        "may_edit": manages and schedule.state == "draft",
        "may_decide": approves and schedule.state == "submitted" and not mine,
        "waits_for_other": approves and schedule.state == "submitted" and mine,
        "form": ReasonForm(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.RETENTION_MANAGE)
def retention_rule(request: HttpRequest, schedule_id: UUID, code: str = "") -> HttpResponse:
    """Add a class to a draft, or change one."""
    schedule = selectors.schedule_by_id(schedule_id)
    rule = next((each for each in schedule.rules.all() if each.code == code), None)
    if code and rule is None:
        raise NotFound(_("There is no such class."))
    initial = {name: getattr(rule, name) for name in RuleForm.base_fields} if rule else {}
    form = RuleForm(request.POST or None, initial=initial or {"active": True})
    form.fields["code"].disabled = rule is not None
    if request.method == "POST" and form.is_valid():
        try:
            services.save_rule(
                schedule_id=schedule.pk,
                words=form.words(),
                actor=actor_of(request),
                now=clock.now(),
            )
        except VouchsafeError as error:
            if error.field is None:
                raise
            add_error(form, error)
        else:
            return redirect("retention-version", schedule_id=schedule.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "schedule": schedule, "rule": rule}
    return render(request, "audit/retention_rule.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.RETENTION_MANAGE)
def retention_scope(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """Under which laws the firm and its lines are, in a draft."""
    schedule = selectors.schedule_by_id(schedule_id)
    form = ScopeForm(schedule, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_scope(
                schedule_id=schedule.pk,
                jurisdictions=form.cleaned_data["jurisdictions"],
                lines=form.narrower(),
                actor=actor_of(request),
                now=clock.now(),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("retention-version", schedule_id=schedule.pk)
    status = 422 if form.errors else 200
    context = {"form": form, "schedule": schedule}
    return render(request, "audit/retention_scope.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.RETENTION_MANAGE)
def retention_kinds(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """Which kinds the records of an action are, in a draft."""
    schedule = selectors.schedule_by_id(schedule_id)
    assigned = selectors.assigned_kinds(schedule)
    initial = [{"beginning": prefix, "kinds": kinds} for prefix, kinds in assigned.items()]
    rows: Any = (
        AssignmentForms(request.POST, prefix="row")
        if request.method == "POST"
        else AssignmentForms(initial=initial, prefix="row")
    )
    wrong = ""
    if request.method == "POST" and rows.is_valid():
        try:
            services.change_assignments(
                schedule_id=schedule.pk,
                assignments=rows.pairs(),
                actor=actor_of(request),
                now=clock.now(),
            )
        except InvalidInput as error:
            wrong = str(error)
        else:
            return redirect("retention-version", schedule_id=schedule.pk)
    status = 422 if rows.is_bound else 200
    context = {"rows": rows, "schedule": schedule, "wrong": wrong, "kinds": KINDS}
    return render(request, "audit/retention_kinds.html", context, status=status)


@require_POST
@staff_page(C.RETENTION_MANAGE)
def retention_submit(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """Put a draft before a second person."""
    services.submit_schedule(schedule_id=schedule_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("A second person can decide on this version now."))
    return redirect("retention-version", schedule_id=schedule_id)


@require_POST
@staff_page(C.RETENTION_APPROVE)
def retention_decide(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """Approve a version, or refuse it with a reason."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    if request.POST.get("act") == "approve":
        services.approve_schedule(schedule_id=schedule_id, actor=actor, now=now)
        messages.success(request, _("This version is in force now."))
    else:
        reason = reason_of(request)
        services.refuse_schedule(schedule_id=schedule_id, reason=reason, actor=actor, now=now)
    return redirect("retention-version", schedule_id=schedule_id)


# --- proposals ------------------------------------------------------------------------------


@require_safe
@staff_page(*SEE)
def proposal_list(request: HttpRequest) -> HttpResponse:
    """Proposals to shred what is due."""
    page = keyset_page(selectors.proposals(), request.GET.get("cursor"))
    _note_read(request, "retention_proposals", len(page.items))
    context = {"rows": page.items, **pages_of(request, page)}
    return render(request, "audit/retention_proposals.html", context)


@require_safe
@staff_page(*SEE)
def proposal_detail(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """One proposal: what is due, what a hold keeps, who decided, how far it is."""
    proposal = selectors.proposal_by_id(proposal_id)
    _note_read(request, f"retention_proposal:{proposal.pk}", 1)
    return render(request, "audit/retention_proposal.html", proposal_context(request, proposal))


def proposal_context(request: HttpRequest, proposal: RetentionProposal) -> dict[str, Any]:
    """What the page of a proposal shows."""
    actor = actor_of(request)
    names = selectors.person_names([proposal.submitted_by, proposal.decided_by])
    mine = actor.user_id == proposal.submitted_by
    waiting = C.RETENTION_APPROVE in actor.capabilities and proposal.state == "submitted"
    return {
        "proposal": proposal,
        "items": proposal.items.all(),
        "submitted_by": names.get(proposal.submitted_by) if proposal.submitted_by else "",
        "decided_by": names.get(proposal.decided_by) if proposal.decided_by else "",
        "may_submit": C.RETENTION_MANAGE in actor.capabilities and proposal.state == "proposed",
        "may_decide": waiting and not mine,
        "waits_for_other": waiting and mine,
        "form": ReasonForm(),
    }


@require_POST
@staff_page(C.RETENTION_MANAGE)
def proposal_submit(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Put a proposal forward."""
    services.submit_proposal(proposal_id=proposal_id, actor=actor_of(request), now=clock.now())
    return redirect("retention-proposal", proposal_id=proposal_id)


@require_POST
@staff_page(C.RETENTION_APPROVE)
def proposal_decide(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Approve a proposal, or refuse it with a reason."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    if request.POST.get("act") == "approve":
        services.approve_proposal(proposal_id=proposal_id, actor=actor, now=now)
        messages.success(request, _("It is being shredded in the background."))
    else:
        reason = reason_of(request)
        services.refuse_proposal(proposal_id=proposal_id, reason=reason, actor=actor, now=now)
    return redirect("retention-proposal", proposal_id=proposal_id)
