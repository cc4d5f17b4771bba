"""Pages of the crisis plan: the plan in force, a version, its draft, its decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import diff
from core.models import User
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.rules import State
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.plans import rules, selectors, services
from crisis.plans.describing import name_of, text_of
from crisis.plans.forms import PlanForm
from crisis.plans.models import CrisisPlanVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_write = staff_page(*services.WRITERS)
_approve = staff_page(Capability.CRISIS_APPROVE)


@require_GET
@_see
def crisis_plan(request: HttpRequest) -> HttpResponse:
    """The plan in force, and all its versions."""
    versions = selectors.versions(given_by(request)["actor"])
    version = next(each for each in versions if each.state == State.APPROVED)
    return _shown(request, version, versions=versions)


@require_POST
@_write
def crisis_plan_new(request: HttpRequest) -> HttpResponse:
    """Start a draft with the content of the newest version."""
    version = services.new_version(plan_id=selectors.plan_id(), **given_by(request))
    return redirect("crisis-plan-edit", version.pk)


@require_GET
@_see
def crisis_plan_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: what it says, what it changes, and the decision about it."""
    return _shown(request, _version(request, version_id))


def _shown(
    request: HttpRequest,
    version: CrisisPlanVersion,
    form: DecisionForm | None = None,
    versions: list[CrisisPlanVersion] | None = None,
) -> HttpResponse:
    held = given_by(request)["actor"].capabilities
    base = selectors.in_force() if version.state != State.APPROVED else None
    people = selectors.names_of(_ids(version.content) + _ids(base.content if base else {}))
    may_keep = Capability.CRISIS_APPROVE in held
    context = {
        "version": version,
        "versions": versions,
        **_parts(version.content, people),
        "base": base,
        "changes": _changes(base, version, people) if base else "",
        "may_write": not held.isdisjoint(services.WRITERS),
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "crisis/plans/plan.html", context, status=status)


def _parts(content: dict[str, Any], people: dict[str, User]) -> dict[str, Any]:
    """What a page shows of a plan."""
    return {
        "levels": [
            (each, [rules.role_name(content, role) for role in each.roles])
            for each in rules.levels(content)
        ],
        "rule": [
            (rules.row_words(row), rules.level_name(content, row["level"]))
            for row in content["tier_rule"]
        ],
        "posts": [
            (each, [people.get(person) for person in each.people]) for each in rules.posts(content)
        ],
        "empty": rules.empty_posts(content),
        "first": [rules.role_name(content, code) for code in content["escalation"]["first_roles"]],
        "first_minutes": content["escalation"]["first_minutes"],
        "rounds": content["escalation"]["rounds"],
        "fallback": [rules.role_name(content, code) for code in rules.fallback_roles(content)],
        "activators": [name_of(person, people) for person in content["activators"]],
    }


def _changes(base: CrisisPlanVersion, version: CrisisPlanVersion, people: dict[str, User]) -> str:
    """What the version changes against the one in force, marked; empty: nothing."""
    spans = diff.word_diff(text_of(base.content, people), text_of(version.content, people))
    return diff.marked(spans) if diff.changed(spans) else ""


def _ids(content: dict[str, Any]) -> list[str]:
    people = [person for role in content.get("roles", ()) for person in role["people"]]
    return [*people, *content.get("activators", ())]


@_form
@_write
def crisis_plan_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft; save, or save and submit."""
    version, people = _version(request, version_id), selectors.people()
    posted = request.method == "POST"
    return edited(
        request,
        version,
        PlanForm(request.POST, people=people, content=version.content)
        if posted
        else PlanForm.of(version, people),
        save=services.save,
        submit=services.submit,
        page="crisis-plan-version",
        template="crisis/plans/edit.html",
    )


@require_POST
@_approve
def crisis_plan_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, _version(request, version_id), form)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="crisis-plan-version",
        again=again,
    )


def _version(request: HttpRequest, version_id: UUID) -> CrisisPlanVersion:
    return selectors.version_for(given_by(request)["actor"], version_id)
