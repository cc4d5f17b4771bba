"""Pages around reviews: the queue, absences, comments, plans, groups."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.forms import add_error
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from templates_mgmt import rules as template_rules
from templates_mgmt import selectors as templates
from templates_mgmt.filing import selectors as filing
from templates_mgmt.reviewing import selectors, services
from templates_mgmt.reviewing.forms import AbsenceForm, CommentForm, GroupForm, PlanForm
from templates_mgmt.reviewing.models import ReviewPlanVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.TEMPLATES_VIEW)
_review = staff_page(Capability.TEMPLATES_REVIEW)
_discuss = staff_page(Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_DRAFT)
_manage = staff_page(Capability.USERS_MANAGE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _may(request: HttpRequest, capability: Capability) -> bool:
    return capability in _actor(request).capabilities


# --- the queue ------------------------------------------------------------------------------


@require_GET
@_see
def review_queue(request: HttpRequest) -> HttpResponse:
    """What waits for review, who is at it, and who is away."""
    return _queue(request)


def _queue(
    request: HttpRequest, form: AbsenceForm | None = None, status: int = 200
) -> HttpResponse:
    now, actor = clock.now(), _actor(request)
    only = request.GET.get("only", "")
    again = only == "again"
    people = [each for each in selectors.reviewers() if each.pk != actor.user_id]
    context = {
        "rows": [] if again else selectors.queue(actor, now, only=only),
        "again": again,
        "rereviews": filing.open_rereviews(actor) if again else [],
        "only": only,
        "choices": [
            ("", _("All")), ("mine", _("Taken by me")), ("free", _("Not taken")),
            ("late", _("Overdue")), ("again", _("Re-reviews")),
        ],
        "loads": selectors.loads(now),
        "absences": selectors.absences(now),
        "form": form or AbsenceForm(people=people),
        "may_review": _may(request, Capability.TEMPLATES_REVIEW),
        "may_manage": _may(request, Capability.USERS_MANAGE),
    }  # fmt: skip
    return render(request, "templates_mgmt/review_queue.html", context, status=status)


@require_POST
@_review
def review_take(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Take up a review, or put it back."""
    step = services.give_up if "back" in request.POST else services.take
    step(version_id=version_id, **given_by(request))
    return redirect("version-review" if step is services.take else "review-queue",
                    *([version_id] if step is services.take else []))  # fmt: skip


@require_POST
@_review
def absence_new(request: HttpRequest) -> HttpResponse:
    """Announce an absence."""
    actor = _actor(request)
    people = [each for each in selectors.reviewers() if each.pk != actor.user_id]
    form = AbsenceForm(request.POST, people=people)
    if form.is_valid():
        starts, ends = form.span()
        try:
            services.announce_absence(
                delegate_id=UUID(form.cleaned_data["delegate"]),
                starts=starts,
                ends=ends,
                **given_by(request),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("review-queue")
    return _queue(request, form, status=422)


@require_POST
@_review
def absence_end(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """End one's own absence."""
    services.end_absence(absence_id=absence_id, **given_by(request))
    return redirect("review-queue")


# --- comments -------------------------------------------------------------------------------


@_form
@_discuss
def version_comment(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a comment; the review screen has the same form."""
    version = templates.version_for(_actor(request), version_id)
    form = CommentForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            services.comment(version_id=version_id, **form.cleaned_data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("version-review", version_id)
    context = {"version": version, "form": form}
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/comment.html", context, status=status)


@require_POST
@_review
def comment_settle(request: HttpRequest, comment_id: UUID) -> HttpResponse:
    """Mark a comment as settled."""
    made = services.settle(comment_id=comment_id, **given_by(request))
    return redirect("version-review", made.version_id)


# --- plans ----------------------------------------------------------------------------------


@require_GET
@_see
def review_plans(request: HttpRequest) -> HttpResponse:
    """The plan of every category."""
    context = {
        "plans": selectors.plans(_actor(request)),
        "categories": template_rules.CATEGORY_LABELS.items(),
        "may_keep": _may(request, Capability.TEMPLATES_REVIEW),
    }
    return render(request, "templates_mgmt/review_plans.html", context)


@require_POST
@_review
def review_plan_new(request: HttpRequest, category: str) -> HttpResponse:
    """Start a new version of a category's plan."""
    version = services.new_plan(category=category, **given_by(request))
    return redirect("review-plan-edit", version.pk)


@require_GET
@_see
def review_plan(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version of a plan, and the decision about it."""
    version = selectors.plan_version(_actor(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _plan(request, version, form)


def _plan(
    request: HttpRequest, version: ReviewPlanVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    context = {
        "version": version,
        "form": form,
        "may_keep": _may(request, Capability.TEMPLATES_REVIEW),
        "may_decide": may_decide(
            request, version, may_keep=_may(request, Capability.TEMPLATES_REVIEW)
        ),
    }
    return render(request, "templates_mgmt/review_plan.html", context, status=status)


@_form
@_review
def review_plan_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write the stages of a draft; save, or save and submit."""
    version = selectors.plan_version(_actor(request), version_id)
    groups = selectors.groups()
    return edited(
        request,
        version,
        PlanForm(request.POST, groups=groups)
        if request.method == "POST"
        else PlanForm.of(version, groups),
        save=services.save_plan,
        submit=services.submit_plan,
        page="review-plan",
        template="templates_mgmt/review_plan_edit.html",
    )


@require_POST
@_review
def review_plan_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _plan(request, selectors.plan_version(_actor(request), version_id), form, 422)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve_plan,
        give_back=services.return_plan,
        page="review-plan",
        again=again,
    )


# --- groups ---------------------------------------------------------------------------------


@_form
@_manage
def review_groups(request: HttpRequest) -> HttpResponse:
    """The review groups, and a form that makes one or sets its members."""
    form = GroupForm(request.POST or None, people=selectors.reviewers())
    if request.method == "POST" and form.is_valid():
        try:
            services.set_group(
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                members=[UUID(member) for member in form.cleaned_data["members"]],
                **given_by(request),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("review-groups")
    context = {"groups": selectors.groups(), "form": form}
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/review_groups.html", context, status=status)
