"""Pages of the handbook."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock, diff
from core.actor import Actor
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.rules import State
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.handbook import rules, selectors, services
from crisis.handbook.forms import HandbookForm
from crisis.handbook.models import HandbookVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_staff = staff_page()
_edit = staff_page(Capability.RISK_EDIT)
_approve = staff_page(Capability.RISK_APPROVE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


@require_safe
@_staff
def handbook(request: HttpRequest) -> HttpResponse:
    """The handbook in force; before there is one, how it comes to be."""
    version = selectors.in_force()
    if version is None:
        return render(request, "crisis/handbook/empty.html", _around(request))
    return _shown(request, version)


@require_safe
@_staff
def handbook_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version."""
    return _shown(request, selectors.version_for(_actor(request), version_id))


def _shown(
    request: HttpRequest, version: HandbookVersion, form: DecisionForm | None = None
) -> HttpResponse:
    actor = _actor(request)
    may_keep = Capability.RISK_APPROVE in actor.capabilities
    language = (get_language() or "zh-hans").lower()
    words = version.words.get(language) or next(iter(version.words.values()), "")
    in_force = version.state == State.APPROVED
    around = _around(request)
    context = {
        "version": version,
        "pieces": rules.pieces(words),
        "in_force": in_force,
        "read_at": selectors.read_at(actor, version),
        "standing": rules.standing(version.decided_at, clock.now())
        if in_force and version.decided_at
        else "",
        "changes": _changes(version, language) if around["may_view"] else "",
        "readings": selectors.readings(actor, version) if in_force and around["may_view"] else [],
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
        **around,
    }
    context["unread"] = sum(1 for row in context["readings"] if row.at is None)
    status = 422 if form is not None and form.errors else 200
    return render(request, "crisis/handbook/handbook.html", context, status=status)


def _changes(version: HandbookVersion, language: str) -> str:
    """What a version in work changes against the one in force, marked."""
    base = selectors.in_force() if version.in_work else None
    if base is None:
        return ""
    spans = diff.word_diff(base.words.get(language, ""), version.words.get(language, ""))
    return diff.marked(spans) if diff.changed(spans) else ""


def _around(request: HttpRequest) -> dict[str, Any]:
    may = _actor(request).capabilities
    may_view = Capability.RISK_VIEW in may
    return {
        "may_view": may_view,
        "may_edit": Capability.RISK_EDIT in may,
        "versions": selectors.versions(_actor(request)) if may_view else [],
    }


@require_POST
@_edit
def handbook_new(request: HttpRequest) -> HttpResponse:
    """Start a draft."""
    version = services.start(**given_by(request))
    return redirect("handbook-edit", version.pk)


@_form
@_edit
def handbook_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The words of a draft."""
    version = selectors.version_for(_actor(request), version_id)
    form = HandbookForm(request.POST) if request.method == "POST" else HandbookForm.of(version)
    return edited(
        request, version, form, save=services.save, submit=services.submit,
        page="handbook-version", template="crisis/handbook/edit.html",
    )  # fmt: skip


@require_POST
@_approve
def handbook_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Publish it, or give it back."""
    return decided(
        request, version_id=version_id, approve=services.approve,
        give_back=services.return_version, page="handbook-version",
        again=lambda form: _shown(
            request, selectors.version_for(_actor(request), version_id), form
        ),
    )  # fmt: skip


@require_POST
@_staff
def handbook_attest(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Confirm that one read it."""
    services.attest(version_id=version_id, **given_by(request))
    messages.success(request, _("Thank you; it is noted that you read the handbook."))
    return redirect("handbook")
