"""The review screen, and the decision taken on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock
from core.errors import InvalidInput, StepUpRequired, VouchsafeError
from core.pages import staff_page
from core.roles import Capability
from templates_mgmt import page_selectors, selectors, services
from templates_mgmt.forms import DecisionForm
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import context as reviewing_context
from templates_mgmt.rules import State, Verb
from templates_mgmt.views.common import actor_of, see
from templates_mgmt.writing.samples import SAMPLES, values_for


@require_GET
@see
def version_review(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version on one screen: channels, findings, changes, facts, history, decision."""
    version = selectors.version_for(actor_of(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _review(request, version, form)


def _review(
    request: HttpRequest,
    version: TemplateVersion,
    form: DecisionForm,
    *,
    status: int = 200,
    refusal: VouchsafeError | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    base = selectors.last_approved_before(version)
    open_now = selectors.open_decisions(version, actor)
    return render(
        request,
        "templates_mgmt/review.html",
        {
            "version": version,
            "template": version.template,
            "form": form,
            "refusal": refusal,
            "base": base,
            "differences": page_selectors.differences(selectors.diff_versions(base, version))
            if base
            else [],
            "texts": page_selectors.texts(selectors.content_of(version)),
            "decisions": page_selectors.decisions(open_now),
            "barred": page_selectors.barred(open_now),
            "history": page_selectors.history_of(version),
            "contributors": page_selectors.contributors_of(version),
            "may_edit": version.state == State.DRAFT
            and Capability.TEMPLATES_DRAFT in actor.capabilities,
            "may_start": version.state not in {State.DRAFT, State.IN_REVIEW}
            and Capability.TEMPLATES_DRAFT in actor.capabilities,
            **reviewing_context.context_of(version, actor),
            **_look_of_saved(request, version),
        },
        status=status,
    )


def _look_of_saved(request: HttpRequest, version: TemplateVersion) -> dict[str, Any]:
    """The stored words filled with the sample that the address names."""
    content, sample = selectors.content_of(version), request.GET.get("sample", "")
    look = page_selectors.look(content, version, values_for(content, sample))
    return {**look, "samples": SAMPLES, "sample": sample}


@require_POST
@staff_page(Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_RECALL, Capability.TEMPLATES_DRAFT)
def version_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve, return, reject, withdraw, retire or recall; the typed reason is never lost."""
    actor = actor_of(request)
    version = selectors.version_for(actor, version_id)
    form = DecisionForm(request.POST)
    decide = _DECISIONS.get(request.POST.get("verb", ""))
    if decide is None:
        raise InvalidInput(_("Choose a decision."), field="verb")
    if not form.is_valid():
        return _review(request, version, form, status=422)
    given: dict[str, Any] = {"reason": form.cleaned_data["reason"]}
    if decide is services.approve:
        given["shown_hash"] = form.cleaned_data["shown_hash"]
        given["seen"] = request.POST.get("seen", "")
    try:
        decided = decide(version_id=version.pk, actor=actor, now=clock.now(), **given)
    except StepUpRequired:
        raise
    except VouchsafeError as error:
        stored = selectors.version_for(actor, version_id)
        again = DecisionForm(initial={"reason": given["reason"], "shown_hash": stored.content_hash})
        return _review(request, stored, again, status=error.status, refusal=error)
    messages.success(request, page_selectors.outcome(decided))
    return redirect("version-review", version.pk)


_DECISIONS: dict[str, Any] = {
    Verb.APPROVE.value: services.approve,
    Verb.RETURN.value: services.return_version,
    Verb.REJECT.value: services.reject,
    Verb.WITHDRAW.value: services.withdraw,
    Verb.RETIRE.value: services.retire,
    Verb.RECALL.value: services.recall,
}
