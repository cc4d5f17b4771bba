"""What is said about one incident: statements, bulletins, updates for the staff."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comms.value_fields import initial_of
from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.statements import rules, selectors, services, wording
from crisis.statements.forms import DropForm, NoteForm, StatementForm
from crisis.statements.models import Statement
from crisis.statements.rules import Kind, State
from crisis.statements.services.writing import LET_OUT
from crisis.statements.views.common import choose, chosen_version
from templates_mgmt.selectors import approved_version

_see = staff_page(Capability.CRISIS_VIEW)
_log = staff_page(Capability.CRISIS_LOG)


@require_safe
@_see
def incident_statements(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Everything that was said, inside and outside, and the bulletins that are missing."""
    return _page(request, incident_id, NoteForm())


def _page(request: HttpRequest, incident_id: UUID, form: NoteForm) -> HttpResponse:
    actor, now = given_by(request)["actor"], clock.now()
    incident = selectors.incident_for(actor, incident_id)
    rounds = selectors.bulletins(incident, now)
    context = {
        "incident": incident,
        "statements": selectors.statements_of(incident),
        "notices": selectors.notices_of(incident),
        "updates": selectors.internal_updates(incident)[:100],
        "rounds": rounds[::-1],
        "missed": rules.missed(rounds, now),
        "speakers": selectors.speakers(incident),
        "form": form,
        "may_log": Capability.CRISIS_LOG in actor.capabilities,
        "may_notify": Capability.NOTICES_PREPARE in actor.capabilities,
        "may_draft": {Capability.CRISIS_LOG, Capability.TEMPLATES_VIEW} <= actor.capabilities,
    }
    status = 422 if form.errors else 200
    return render(request, "crisis/statements/list.html", context, status=status)


@require_POST
@_log
def incident_note(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Keep an update for the staff."""
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            services.note(
                incident_id=incident_id, text=form.cleaned_data["text"], **given_by(request)
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("crisis-statements", incident_id)
    return _page(request, incident_id, form)


@require_http_methods(["GET", "HEAD", "POST"])
@_log
def statement_new(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Choose a wording, then give its values; what the incident says is filled in."""
    given = given_by(request)
    incident = selectors.incident_for(given["actor"], incident_id)
    version = chosen_version(request, given["actor"])
    if version is None:
        return choose(request, given["actor"], incident, "statement")
    kind = Kind.BULLETIN if request.GET.get("kind") == Kind.BULLETIN else Kind.UPDATE
    content = approved_version(version.pk)
    written = wording.languages(content)
    values = rules.suggested(
        content.placeholders, since=timezone.localtime(incident.since), scope=incident.scope,
        languages=written,
    )  # fmt: skip
    form = StatementForm(
        request.POST or None, placeholders=content.placeholders, written=written,
        speakers=selectors.speakers(incident), initial=initial_of(values),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = services.draft(
                incident_id=incident.pk, version_id=version.pk, kind=kind.value,
                **form.arguments(), **given,
            )  # fmt: skip
        except (InvalidInput, Conflict) as error:
            add_error(form, error)
        else:
            return redirect("crisis-statement", made.pk)
    context = {"incident": incident, "version": version, "form": form, "kind": kind.value,
               "kind_word": rules.KIND_LABELS[kind]}  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "crisis/statements/new.html", context, status=status)


@require_safe
@_see
def statement(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """One statement in all its languages, and the decision about it."""
    return _detail(request, statement_id, DropForm())


def _detail(request: HttpRequest, statement_id: UUID, form: DropForm) -> HttpResponse:
    actor = given_by(request)["actor"]
    found = selectors.statement_for(actor, statement_id)
    waits = found.state == State.DRAFT
    context = {
        "statement": found,
        "incident": found.incident,
        "drop_form": form,
        "may_publish": waits and _may_publish(actor, found, found.incident),
        "may_drop": waits and Capability.CRISIS_LOG in actor.capabilities,
        "waits_for_another": waits and found.is_public,
    }
    status = 422 if form.errors else 200
    return render(request, "crisis/statements/detail.html", context, status=status)


def _may_publish(actor: Actor, found: Statement, incident: Incident) -> bool:
    if not incident.is_open:
        return False
    if not found.is_public:
        return Capability.CRISIS_LOG in actor.capabilities
    return actor.user_id != found.drafted_by_id and not actor.capabilities.isdisjoint(LET_OUT)


@require_POST
@staff_page(*dict.fromkeys((Capability.CRISIS_LOG, *LET_OUT)))
def statement_publish(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """Let it out."""
    services.publish(statement_id=statement_id, **given_by(request))
    messages.success(request, _("Published."))
    return redirect("crisis-statement", statement_id)


@require_POST
@staff_page(*dict.fromkeys((Capability.CRISIS_LOG, *LET_OUT)))
def statement_drop(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """Give a draft up."""
    form = DropForm(request.POST)
    if form.is_valid():
        try:
            services.drop(
                statement_id=statement_id, reason=form.cleaned_data["reason"], **given_by(request)
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Dropped."))
            return redirect("crisis-statement", statement_id)
    return _detail(request, statement_id, form)
