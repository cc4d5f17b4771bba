"""Pages of consent texts: all texts, one version with its difference, its words, its decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.actor import Actor
from core.diff import changed, marked, word_diff
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, may_decide, started
from core.roles import Capability
from investors.consent_texts import selectors, services
from investors.consent_texts.forms import NewTextForm, TextForm
from investors.consent_texts.models import ConsentTextVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(*selectors.READERS)
_draft = staff_page(Capability.CONSENT_TEXTS_DRAFT)
_approve = staff_page(Capability.CONSENT_TEXTS_APPROVE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _may_draft(request: HttpRequest) -> bool:
    return Capability.CONSENT_TEXTS_DRAFT in _actor(request).capabilities


@require_GET
@_see
def consent_texts(request: HttpRequest) -> HttpResponse:
    """All texts with their versions."""
    context = {"texts": selectors.texts(_actor(request)), "may_draft": _may_draft(request)}
    return render(request, "investors/consent_texts/list.html", context)


@_form
@_draft
def consent_text_new(request: HttpRequest) -> HttpResponse:
    """Start a text for a purpose and language that has none."""
    return started(
        request,
        NewTextForm(request.POST or None),
        services.create_text,
        edit="consent-text-edit",
        template="investors/consent_texts/new.html",
    )


@require_POST
@_draft
def consent_text_version_new(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Start a new version of a text."""
    version = services.new_version(text_id=text_id, actor=_actor(request), now=clock.now())
    return redirect("consent-text-edit", version.pk)


@require_GET
@_see
def consent_text_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its words, how they differ from those in force, and the decision about it."""
    version = selectors.version_for(_actor(request), version_id)
    return _shown(request, version, DecisionForm(initial={"shown_hash": version.content_hash}))


def _shown(
    request: HttpRequest, version: ConsentTextVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    may_keep = Capability.CONSENT_TEXTS_APPROVE in _actor(request).capabilities
    before = selectors.before(version)
    spans = word_diff(before.text, version.text) if before else []
    context: dict[str, Any] = {
        "version": version,
        "before": before,
        "difference": marked(spans) if changed(spans) else "",
        "form": form,
        "may_draft": _may_draft(request),
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
    }
    return render(request, "investors/consent_texts/version.html", context, status=status)


@_form
@_draft
def consent_text_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft's words; save, or save and submit."""
    version = selectors.version_for(_actor(request), version_id)
    return edited(
        request,
        version,
        TextForm(request.POST) if request.method == "POST" else TextForm.of(version),
        save=services.save,
        submit=services.submit,
        page="consent-text-version",
        template="investors/consent_texts/edit.html",
    )


@require_POST
@_approve
def consent_text_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, selectors.version_for(_actor(request), version_id), form, 422)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="consent-text-version",
        again=again,
    )
