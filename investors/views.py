"""Pages of one investor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.pages import staff_page
from core.roles import Capability
from investors import selectors, services
from investors.consent_texts import selectors as consent_texts
from investors.erasure import selectors as erasures
from investors.forms import ConsentForm, RevealForm, SuppressForm
from investors.models import Investor

_see = staff_page(Capability.INVESTORS_VIEW)
_edit = staff_page(Capability.INVESTORS_EDIT)
_reveal = staff_page(Capability.INVESTORS_REVEAL)


def actor_of(request: HttpRequest) -> Actor:
    """Who is signed in; the page guards see to it that somebody is."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


@require_GET
@_see
def investor_detail(request: HttpRequest, investor_id: UUID) -> HttpResponse:
    """One investor, masked; that it was opened is recorded."""
    actor = actor_of(request)
    investor = services.view_investor(investor_id=investor_id, actor=actor, now=clock.now())
    return _detail(request, investor)


def _detail(request: HttpRequest, investor: Investor, **more: Any) -> HttpResponse:
    actor = actor_of(request)
    profile = selectors.masked_profiles([investor.pk]).get(investor.pk)
    context = {
        "investor": investor,
        "profile": profile,
        "contacts": selectors.masked_contacts(investor),
        "matrix": selectors.preference_matrix(investor.pk),
        "matrix_channels": selectors.MATRIX_CHANNELS,
        "consents": selectors.consents(investor.pk),
        "consent_texts": consent_texts.in_force(investor.language),
        "timeline": selectors.timeline(investor.pk, limit=50),
        "may_edit": profile is not None and Capability.INVESTORS_EDIT in actor.capabilities,
        "may_browse": Capability.AUDIT_BROWSE in actor.capabilities,
        "may_reveal": Capability.INVESTORS_REVEAL in actor.capabilities,
        "may_erase": Capability.PRIVACY_ERASE in actor.capabilities,
        "erased": erasures.erased(investor.pk),
        "erasure": erasures.open_request(investor.pk),
        "consent_form": ConsentForm(),
        **more,
    }
    return render(request, "investors/detail.html", context)


@require_POST
@_reveal
def contact_reveal(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Show one contact in full, for a reason; the answer is never cached."""
    actor = actor_of(request)
    investor_id = selectors.investor_of_contact(actor, contact_id)
    form = RevealForm(request.POST)
    value = services.reveal_contact(
        contact_id=contact_id,
        reason=form["reason"].data or "",
        actor=actor,
        now=clock.now(),
    )
    investor = selectors.investor_for(actor, investor_id)
    return _detail(request, investor, revealed_id=contact_id, revealed=value)


@require_POST
@_edit
def contact_state(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Suppress a contact for a reason, or let it be used again."""
    actor = actor_of(request)
    investor_id = selectors.investor_of_contact(actor, contact_id)
    if request.POST.get("state") == "suppressed":
        reason = SuppressForm(request.POST)["reason"].data or ""
        services.suppress_contact(
            contact_id=contact_id, reason=reason, actor=actor, now=clock.now()
        )
        messages.success(request, _("Nothing more is sent to this contact."))
    else:
        services.set_contact_state(
            contact_id=contact_id,
            state=request.POST.get("state", ""),
            actor=actor,
            now=clock.now(),
        )
        messages.success(request, _("The contact's state was changed."))
    return redirect("investor-detail", investor_id)


@require_POST
@_edit
def preferences(request: HttpRequest, investor_id: UUID) -> HttpResponse:
    """Save the matrix: each ticked box is a topic wanted on a channel."""
    actor = actor_of(request)
    selectors.investor_for(actor, investor_id)
    ticked = set(request.POST.getlist("wanted"))
    changed = services.set_preferences(
        investor_id=investor_id, wanted=ticked, actor=actor, now=clock.now()
    )
    if changed:
        messages.success(request, _("The preferences were saved."))
    else:
        messages.info(request, _("The preferences were as you left them; nothing was changed."))
    return redirect("investor-detail", investor_id)


@require_POST
@_edit
def consent(request: HttpRequest, investor_id: UUID) -> HttpResponse:
    """Enter that consent was given or withdrawn."""
    actor = actor_of(request)
    selectors.investor_for(actor, investor_id)
    acts = {"give": services.give_consent, "withdraw": services.withdraw_consent}
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        raise InvalidInput(_("Choose whether consent was given or withdrawn."), field="act")
    act(
        investor_id=investor_id,
        purpose=request.POST.get("purpose", ""),
        method=request.POST.get("method", ""),
        notice_id=_uuid(request.POST.get("notice", "")),
        actor=actor,
        now=clock.now(),
    )
    messages.success(request, _("Entered in the consent ledger; it holds from now on."))
    return redirect("investor-detail", investor_id)


def _uuid(text: str) -> UUID | None:
    """The text that the page showed; None when it showed none."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(_("That is no consent text."), field="notice") from None
