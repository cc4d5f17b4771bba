"""The moves of an incident, each on a small page of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.access import require_step_up
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import staff_page
from core.roles import Capability as C
from crisis.incidents import forms, selectors
from crisis.incidents.models import Incident
from crisis.incidents.services import attaching, deciding, ending, staffing
from crisis.incidents.views import actor_of
from crisis.plans import rules as plans


@dataclass(frozen=True, slots=True)
class Move:
    """A page of one move: its form, its service, and its words. `fresh` says that it asks for a
    second factor first, so that nobody types words that are then held up."""

    form: type[forms.MoveForm]
    service: Callable[..., Incident]
    title: str | Promise
    lead: str | Promise
    button: str | Promise
    done: str | Promise
    fresh: bool = False
    tone: str = "primary"


MOVES = {
    "verify": Move(
        forms.VerifyForm, deciding.verify, _("Verify the incident"),
        _("Say what it is and what it hits. The rule of the plan gives the tier."),
        _("Verified"), _("The incident is verified."),
    ),
    "tier": Move(
        forms.TierForm, deciding.change_tier, _("Change the tier"),
        _("A graver tier calls its roles out and starts its clocks. Clocks of regulators that "
          "run already go on."),
        _("Change the tier"), _("The tier is changed."), fresh=True,
    ),
    "restore": Move(
        forms.RestoreForm, ending.restore, _("Service is restored"),
        _("What failed works again. If it fails once more, say so on the incident's page."),
        _("Restored"), _("The incident is restored."),
    ),
    "relapse": Move(
        forms.ReasonForm, ending.relapse, _("It failed again"),
        _("The incident is being handled again; its first restoration stays in the timeline."),
        _("Failed again"), _("The incident is being handled again."),
    ),
    "close": Move(
        forms.CloseForm, ending.close, _("Close the incident"),
        _("Nothing in it changes afterwards; its timeline still takes lines."),
        _("Close it"), _("The incident is closed."), fresh=True,
    ),
    "dismiss": Move(
        forms.ReasonForm, deciding.dismiss, _("False alarm"),
        _("The incident ends and its clocks are cancelled. Everything stays on record."),
        _("It was a false alarm"), _("The incident ended as a false alarm."), fresh=True,
        tone="danger",
    ),
    "moment": Move(
        forms.MomentForm, deciding.record_moment, _("Record a moment"),
        _("Some duties begin with a finding, for example that the incident is material."),
        _("Record it"), _("The moment is recorded."),
    ),
    "role": Move(
        forms.RoleForm, staffing.assign_role, _("Assign a role"),
        _("Whoever had the role before leaves it."),
        _("Assign"), _("The role is assigned."),
    ),
    "duplicate": Move(
        forms.DuplicateForm, attaching.attach_duplicate, _("Duplicate"),
        _("This incident ends; the other one's timeline tells of it."),
        _("It is the same"), _("The duplicate is attached to this incident."),
    ),
}  # fmt: skip


def move_page(name: str) -> Callable[..., HttpResponse]:
    """The view of one move."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @staff_page(C.CRISIS_RUN)
    def view(request: HttpRequest, incident_id: UUID) -> HttpResponse:
        return _moved(request, incident_id, MOVES[name])

    view.__name__ = f"incident_{name}"
    return view


def _moved(request: HttpRequest, incident_id: UUID, move: Move) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    incident = selectors.incident_for(actor, incident_id)
    if move.fresh:
        require_step_up(actor, now)
    form = move.form(request.POST if request.method == "POST" else None, incident=incident)
    if request.method == "POST" and form.is_valid():
        try:
            after = move.service(incident_id=incident.pk, **form.words(), actor=actor, now=now)
        except (InvalidInput, Conflict) as error:
            add_error(form, error)
        else:
            messages.success(request, str(move.done))
            return redirect("incident-detail", after.pk)
    context = {
        "incident": incident, "form": form, "move": move, **_beside(incident, move),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "crisis/incidents/move.html", context, status=status)


def _beside(incident: Incident, move: Move) -> dict[str, Any]:
    """What the reader needs to know beside the form."""
    if move.form in {forms.VerifyForm, forms.TierForm}:
        rows = plans.content_of(incident.plan)["tier_rule"]
        return {
            "tier_rule": [
                (plans.row_words(row), plans.level_name(incident.plan, row["level"]))
                for row in rows
            ],
            "lowest": plans.levels(incident.plan)[0].label,
        }
    if move.form is forms.CloseForm:
        return {"duties": selectors.open_duties(incident)}
    return {}


@require_POST
@staff_page(C.CRISIS_LOG)
def incident_lead(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Take the lead."""
    staffing.take_lead(incident_id=incident_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _text("You lead this incident."))
    return redirect("incident-detail", incident_id)
