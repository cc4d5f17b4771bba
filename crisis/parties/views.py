"""Pages of third parties."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.parties import selectors, services
from crisis.parties.forms import ContactForm, EndForm, PartyForm, ProofForm
from crisis.parties.models import Party, kind_choices

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_run = staff_page(Capability.CRISIS_RUN)


@require_safe
@_see
def party_list(request: HttpRequest) -> HttpResponse:
    """All parties with what is ending."""
    actor, today = given_by(request)["actor"], timezone.localdate()
    kinds = kind_choices()
    kind = request.GET.get("kind", "")
    rows = [
        (party, [selectors.shown(proof, today) for proof in party.in_force])  # type: ignore[attr-defined]
        for party in selectors.parties(actor, kind=kind)
    ]
    context = {"rows": rows, "kinds": kinds, "kind": kind, "may_run": _may_run(request)}
    return render(request, "crisis/parties/list.html", context)


@_form
@_run
def party_new(request: HttpRequest) -> HttpResponse:
    """Add a party."""
    return _edited(request, None)


@_form
@_run
def party_edit(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Change a party."""
    return _edited(request, selectors.party_for(given_by(request)["actor"], party_id))


def _edited(request: HttpRequest, party: Party | None) -> HttpResponse:
    form = PartyForm(request.POST or None, party=party)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_party(
                party_id=party.pk if party else None, **form.words(), **given_by(request)
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("crisis-party", saved.pk)
    context = {"form": form, "party": party}
    return render(request, "crisis/parties/edit.html", context, status=422 if form.errors else 200)


@require_safe
@_see
def party_detail(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Whom to call, and what is proven until when."""
    return _page(request, party_id)


def _page(request: HttpRequest, party_id: UUID, **forms: Any) -> HttpResponse:
    party = selectors.party_for(given_by(request)["actor"], party_id)
    context = {
        "party": party,
        "contacts": services.show_contacts(party_id=party.pk, **given_by(request)),
        "proofs": selectors.proofs_of(party, timezone.localdate()),
        "may_run": _may_run(request) and party.ended_at is None,
        "contact_form": ContactForm(),
        "proof_form": ProofForm(),
        "end_form": EndForm(),
        **forms,
    }
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render(request, "crisis/parties/detail.html", context, status=status)


@require_POST
@_run
def contact_add(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Add whom to call."""
    form = ContactForm(request.POST)
    return _added(request, party_id, "contact_form", form, services.add_contact)


@require_POST
@_run
def proof_add(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Note a certificate, contract, test or audit."""
    form = ProofForm(request.POST)
    return _added(request, party_id, "proof_form", form, services.add_proof)


def _added(
    request: HttpRequest, party_id: UUID, name: str, form: Any, service: Any
) -> HttpResponse:
    if form.is_valid():
        try:
            service(party_id=party_id, **form.cleaned_data, **given_by(request))
        except (InvalidInput, Conflict) as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("crisis-party", party_id)
    return _page(request, party_id, **{name: form})


@require_POST
@_run
def contact_end(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Take somebody off the list."""
    reason = request.POST.get("end-reason", "")
    contact = services.end_contact(contact_id=contact_id, reason=reason, **given_by(request))
    messages.success(request, _("Taken off the list; name and numbers are forgotten."))
    return redirect("crisis-party", contact.party_id)


@require_POST
@_run
def party_end(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Say that the firm does not rely on a party any more."""
    reason = request.POST.get("end-reason", "")
    services.end_party(party_id=party_id, reason=reason, **given_by(request))
    messages.success(request, _("Saved."))
    return redirect("crisis-parties")


def _may_run(request: HttpRequest) -> bool:
    return Capability.CRISIS_RUN in given_by(request)["actor"].capabilities
