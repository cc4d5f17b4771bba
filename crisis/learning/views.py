"""Pages of retrospectives and actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import keyset_page, pages_of, staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.learning import rules, selectors, services
from crisis.learning.forms import ActionForm, MoveForm, OutcomeForm, RetrospectiveForm
from crisis.learning.models import RetrospectiveVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_run = staff_page(Capability.CRISIS_RUN)
_approve = staff_page(Capability.CRISIS_APPROVE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


# The retrospective ----------------------------------------------------------------------------


@require_safe
@_see
def retrospective_list(request: HttpRequest) -> HttpResponse:
    """All retrospectives."""
    page = keyset_page(selectors.retrospectives(_actor(request)), request.GET.get("cursor"))
    return render(request, "crisis/learning/list.html", {"rows": page, **pages_of(request, page)})


@require_POST
@_run
def retrospective_new(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Start a draft."""
    version = services.start_retrospective(incident_id=incident_id, **given_by(request))
    return redirect("retrospective-edit", version.pk)


@_form
@_run
def retrospective_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The words of a draft."""
    version = selectors.version_for(_actor(request), version_id)
    form = RetrospectiveForm(request.POST) if request.POST else RetrospectiveForm.of(version)
    return edited(
        request, version, form, save=services.save, submit=services.submit,
        page="retrospective", template="crisis/learning/edit.html",
    )  # fmt: skip


@require_safe
@_see
def retrospective(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its words, the timeline it rests on, the actions, the decision."""
    version = selectors.version_for(_actor(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _shown(request, version, form)


def _shown(
    request: HttpRequest, version: RetrospectiveVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    incident = version.retrospective.incident
    may = _actor(request).capabilities
    may_keep = Capability.CRISIS_APPROVE in may
    context = {
        "version": version,
        "incident": incident,
        "parts": [
            (version._meta.get_field(name).verbose_name, text)  # type: ignore[union-attr]
            for name, text in version.parts.items()
        ],
        "entries": incident.entries.select_related("author")[:500],
        "actions": selectors.actions_of(incident),
        "today": timezone.localdate(),
        "versions": selectors.versions_of(incident),
        "form": form,
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
        "may_run": Capability.CRISIS_RUN in may,
    }
    return render(request, "crisis/learning/retrospective.html", context, status=status)


@require_POST
@_approve
def retrospective_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Sign it off, or give it back."""
    return decided(
        request, version_id=version_id, approve=services.approve,
        give_back=services.return_version, page="retrospective",
        again=lambda form: _shown(
            request, selectors.version_for(_actor(request), version_id), form, 422
        ),
    )  # fmt: skip


# Actions --------------------------------------------------------------------------------------


@require_safe
@_see
def action_list(request: HttpRequest) -> HttpResponse:
    """What is to be done, of all incidents or one's own."""
    actor = _actor(request)
    state = request.GET.get("state", "open")
    mine = actor.user_id if request.GET.get("whose") == "mine" else None
    found = selectors.actions(actor, state=state, mine=mine)
    page = keyset_page(found, request.GET.get("cursor"), order=("due_on", "id"))
    context = {
        "rows": page,
        "state": state,
        "mine": mine is not None,
        "states": list(rules.ACTION_LABELS.items()),
        "today": timezone.localdate(),
        **pages_of(request, page),
    }
    return render(request, "crisis/learning/actions.html", context)


@_form
@_run
def action_new(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Give somebody something to do."""
    incident = _incident(request, incident_id)
    form = ActionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_action(incident_id=incident_id, **form.words(), **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("incident-detail", incident_id)
    context = {"form": form, "incident": incident}
    status = 422 if form.errors else 200
    return render(request, "crisis/learning/action_new.html", context, status=status)


@require_safe
@staff_page()
def action_detail(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """One action; its owner sees it without any other right."""
    return _action(request, action_id)


def _action(request: HttpRequest, action_id: UUID, **forms: Any) -> HttpResponse:
    action, actor = selectors.action_for(_actor(request), action_id), _actor(request)
    may = actor.capabilities
    is_open = action.state == rules.ActionState.OPEN
    uninvolved = actor.user_id not in (action.owner_id, action.added_by_id)
    context = {
        "action": action,
        "late": is_open and action.due_on < timezone.localdate(),
        "sees_crisis": Capability.CRISIS_VIEW in may,
        "may_finish": is_open
        and (actor.user_id == action.owner_id or Capability.CRISIS_RUN in may),
        "may_move": is_open and Capability.CRISIS_RUN in may,
        "may_drop": is_open and Capability.CRISIS_APPROVE in may and uninvolved,
        "outcome_form": OutcomeForm(),
        "move_form": MoveForm(),
        **forms,
    }
    status = 422 if forms else 200
    return render(request, "crisis/learning/action.html", context, status=status)


@require_POST
@staff_page()
def action_finish(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Say what was done."""
    form = OutcomeForm(request.POST)
    return _acted(request, action_id, "outcome_form", form, services.finish_action)


@require_POST
@_approve
def action_drop(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Say why it need not be done."""
    form = OutcomeForm(request.POST)
    return _acted(request, action_id, "outcome_form", form, services.drop_action)


@require_POST
@_run
def action_move(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Give it another day."""
    return _acted(request, action_id, "move_form", MoveForm(request.POST), services.move_action)


def _acted(
    request: HttpRequest, action_id: UUID, name: str, form: Any, service: Any
) -> HttpResponse:
    selectors.action_for(_actor(request), action_id)
    if form.is_valid():
        try:
            service(action_id=action_id, **form.cleaned_data, **given_by(request))
        except (InvalidInput, Conflict) as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("incident-action", action_id)
    return _action(request, action_id, **{name: form})


def _incident(request: HttpRequest, incident_id: UUID) -> Incident:
    return selectors.incident_for(_actor(request), incident_id)
