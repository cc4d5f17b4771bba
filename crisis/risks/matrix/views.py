"""Pages of the matrix and of the heat map."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.pages import query_with, staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, given_by, may_decide
from crisis.risks import heat, heatmap, rules, selectors
from crisis.risks.matrix import selectors as matrices
from crisis.risks.matrix import services
from crisis.risks.matrix.forms import MatrixForm
from crisis.risks.matrix.models import RiskMatrixVersion
from crisis.risks.recording import today_of
from crisis.risks.rules import STAGE_LABELS, Stage
from crisis.risks.web import APPROVE, EDIT, SEE, actor_of, rights_of

_form = require_http_methods(["GET", "HEAD", "POST"])
QUARTERS = 9  # how far back the heat map can look


@require_safe
@staff_page(*SEE)
def heat_map(request: HttpRequest) -> HttpResponse:
    """The risks of a stage on the matrix, against the end of an earlier quarter if one is named."""
    actor = actor_of(request)
    stage = rules.clean_stage(request.GET.get("stage") or Stage.CURRENT.value)
    quarter = request.GET.get("since", "")
    since = selectors.end_of_quarter(quarter) if quarter else None
    found = heat.heat_of(actor, stage, since=since)
    context = {
        "heat": found,
        "stage": stage,
        "stage_name": STAGE_LABELS[Stage(stage)],
        "tabs": [
            (each.value, label, query_with(request.GET, stage=each.value))
            for each, label in STAGE_LABELS.items()
        ],
        "since": quarter,
        "quarters": rules.quarters_back(today_of(clock.now()), QUARTERS)[1:],
        "directions": heat.DIRECTIONS,
        **rights_of(actor),
    }
    return render(request, "crisis/risks/heat_map.html", context)


@require_safe
@staff_page(*SEE)
def matrix_list(request: HttpRequest) -> HttpResponse:
    """The matrix in force, and all its versions."""
    actor = actor_of(request)
    versions = list(matrices.versions(actor)[:100])
    context = {
        "versions": versions,
        "map": heatmap.drawn(matrices.in_force(), ()),
        "in_work": any(version.in_work for version in versions),
        **rights_of(actor),
    }
    return render(request, "crisis/risks/matrix.html", context)


@require_POST
@staff_page(*EDIT)
def matrix_new(request: HttpRequest) -> HttpResponse:
    """Start a version."""
    version = services.new_version(**given_by(request))
    return redirect("risk-matrix-edit", version.pk)


@require_safe
@staff_page(*SEE)
def matrix_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: what it says, what it would change, and the decision about it."""
    version = matrices.version_for(actor_of(request), version_id)
    return _shown(request, version, DecisionForm(initial={"shown_hash": version.content_hash}))


def _shown(
    request: HttpRequest, version: RiskMatrixVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    rights = rights_of(actor_of(request))
    context: dict[str, Any] = {
        "version": version,
        "form": form,
        "map": heatmap.drawn(version.content, ()),
        "changes": matrices.impact_of(version.content) if version.in_work else [],
        "stages": STAGE_LABELS,
        "may_keep": rights["may_approve"],
        "may_decide": may_decide(request, version, may_keep=rights["may_approve"]),
        **rights,
    }
    return render(request, "crisis/risks/matrix_version.html", context, status=status)


@_form
@staff_page(*EDIT)
def matrix_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Change a draft's bands and levels; save, or save and submit."""
    version = matrices.version_for(actor_of(request), version_id)
    return edited(
        request,
        version,
        MatrixForm(request.POST) if request.method == "POST" else MatrixForm.of(version),
        save=services.save,
        submit=services.submit,
        page="risk-matrix-version",
        template="crisis/risks/matrix_edit.html",
    )


@require_POST
@staff_page(*APPROVE)
def matrix_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, matrices.version_for(actor_of(request), version_id), form, 422)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="risk-matrix-version",
        again=again,
    )
