"""Pages of clauses: all clauses, one version, its words, its decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from core import clock
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, may_decide, started
from templates_mgmt.clauses import selectors, services
from templates_mgmt.clauses.forms import ClauseForm, NewClauseForm
from templates_mgmt.clauses.models import ClauseVersion
from templates_mgmt.filing.selectors import rereviews_because_of
from templates_mgmt.rules import LANGUAGE_LABELS, Language
from templates_mgmt.views.common import actor_of, form_page, keep, may_keep, see


@require_GET
@see
def clauses(request: HttpRequest) -> HttpResponse:
    """All clauses with their versions."""
    context = {"clauses": selectors.clauses(actor_of(request)), "may_keep": may_keep(request)}
    return render(request, "templates_mgmt/clauses.html", context)


@form_page
@keep
def clause_new(request: HttpRequest) -> HttpResponse:
    """Start a clause."""
    return started(
        request,
        NewClauseForm(request.POST or None),
        services.create_clause,
        edit="clause-edit",
        template="templates_mgmt/clause_new.html",
    )


@require_POST
@keep
def clause_version_new(request: HttpRequest, clause_id: UUID) -> HttpResponse:
    """Start a new version of a clause."""
    version = services.new_version(clause_id=clause_id, actor=actor_of(request), now=clock.now())
    return redirect("clause-edit", version.pk)


@require_GET
@see
def clause_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its words, who includes it, and the decision about it."""
    version = selectors.version_for(actor_of(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _shown(request, version, form)


def _shown(
    request: HttpRequest, version: ClauseVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    in_force = selectors.in_force().get(version.clause.code)
    before = in_force.texts if in_force and in_force.number != version.number else {}
    context: dict[str, Any] = {
        "version": version,
        "form": form,
        "texts": [
            (LANGUAGE_LABELS[language], language.value, version.texts[language.value],
             before.get(language.value, ""))
            for language in Language
            if language.value in version.texts
        ],
        "uses": selectors.uses_of(version.clause.code),
        "rereviews": rereviews_because_of(f"clause:{version.clause.code}:{version.number}"),
        "may_keep": may_keep(request),
        "may_decide": may_decide(request, version, may_keep=may_keep(request)),
    }  # fmt: skip
    return render(request, "templates_mgmt/clause_version.html", context, status=status)


@form_page
@keep
def clause_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft's words; save, or save and submit."""
    version = selectors.version_for(actor_of(request), version_id)
    return edited(
        request,
        version,
        ClauseForm(request.POST) if request.method == "POST" else ClauseForm.of(version),
        save=services.save,
        submit=services.submit,
        page="clause-version",
        template="templates_mgmt/clause_edit.html",
    )


@require_POST
@keep
def clause_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, selectors.version_for(actor_of(request), version_id), form, 422)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="clause-version",
        again=again,
    )
