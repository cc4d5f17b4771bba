"""Pages of the activation criteria and of signals."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import diff
from core.pages import keyset_page, query_with, staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.rules import State
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.criteria import selectors, services
from crisis.criteria.describing import nature_words, text_of, window_words
from crisis.criteria.forms import CriteriaForm, SignalFilter
from crisis.criteria.models import CriterionSetVersion
from crisis.plans.services import WRITERS

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_write = staff_page(*WRITERS)
_approve = staff_page(Capability.CRISIS_APPROVE)


@require_GET
@_see
def criteria(request: HttpRequest) -> HttpResponse:
    """The criteria in force, and all versions."""
    versions = selectors.versions(given_by(request)["actor"])
    version = next(each for each in versions if each.state == State.APPROVED)
    return _shown(request, version, versions=versions)


@require_POST
@_write
def criteria_new(request: HttpRequest) -> HttpResponse:
    """Start a draft with the criteria of the newest version."""
    version = services.new_version(set_id=selectors.set_id(), **given_by(request))
    return redirect("criteria-edit", version.pk)


@require_GET
@_see
def criteria_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its criteria, what they would have done, and the decision about them."""
    return _shown(request, _version(request, version_id))


def _shown(
    request: HttpRequest,
    version: CriterionSetVersion,
    form: DecisionForm | None = None,
    versions: list[CriterionSetVersion] | None = None,
) -> HttpResponse:
    given = given_by(request)
    held = given["actor"].capabilities
    base = selectors.version_in_force() if version.state != State.APPROVED else None
    may_keep = Capability.CRISIS_APPROVE in held
    context = {
        "version": version,
        "versions": versions,
        "rows": [
            (each, window_words(each.criterion), nature_words(each.criterion))
            for each in selectors.would_have(version, now=given["now"])
        ],
        "days": selectors.DRY_RUN_DAYS,
        "base": base,
        "changes": _changes(base, version) if base else "",
        "may_write": not held.isdisjoint(WRITERS),
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "crisis/criteria/criteria.html", context, status=status)


def _changes(base: CriterionSetVersion, version: CriterionSetVersion) -> str:
    """What the version changes against the one in force, marked; empty: nothing."""
    spans = diff.word_diff(text_of(base.criteria), text_of(version.criteria))
    return diff.marked(spans) if diff.changed(spans) else ""


@_form
@_write
def criteria_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft; save, or save and submit."""
    version = _version(request, version_id)
    filled = len(version.content["criteria"])
    posted = request.method == "POST"
    return edited(
        request,
        version,
        CriteriaForm(request.POST, filled=filled) if posted else CriteriaForm.of(version),
        save=services.save,
        submit=services.submit,
        page="criteria-version",
        template="crisis/criteria/edit.html",
    )


@require_POST
@_approve
def criteria_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, _version(request, version_id), form)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="criteria-version",
        again=again,
    )


@require_GET
@_see
def signal_list(request: HttpRequest) -> HttpResponse:
    """What monitors reported, newest first, and what each signal led to."""
    form = SignalFilter(request.GET)
    rows = selectors.signals(given_by(request)["actor"], **form.chosen())
    page = keyset_page(rows, request.GET.get("cursor"))
    cursors = (page.previous_cursor, page.next_cursor)
    previous, following = (query_with(request.GET, cursor=c) if c else "" for c in cursors)
    context = {
        "signals": page.items,
        "form": form,
        "filtered": any(form.chosen().values()),
        "previous_url": previous,
        "next_url": following,
    }
    return render(request, "crisis/criteria/signals.html", context)


def _version(request: HttpRequest, version_id: UUID) -> CriterionSetVersion:
    return selectors.version_for(given_by(request)["actor"], version_id)
