"""Pages of erasure: the requests, one request, asking and deciding."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.errors import Conflict
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability
from investors import selectors as people
from investors.erasure import selectors, services
from investors.erasure.forms import RefusalForm, RequestForm
from investors.erasure.models import ErasureRequest
from investors.services import view_investor
from investors.views import actor_of

_see = staff_page(*selectors.HANDLE)
_ask = staff_page(Capability.PRIVACY_ERASE)
_decide = staff_page(Capability.PRIVACY_APPROVE)
State = ErasureRequest.State


@require_GET
@_see
def erasure_list(request: HttpRequest) -> HttpResponse:
    """Requests, newest first; by state in the address. That they were read is recorded."""
    actor = actor_of(request)
    found = selectors.requests_visible_to(actor)
    state = request.GET.get("state", "")
    if state in State.values:
        found = found.filter(state=state)
    page = keyset_page(found, request.GET.get("cursor"))
    services.list_shown(count=len(page.items), actor=actor, now=clock.now())
    context = {
        "page": page,
        "state": state,
        "states": State.choices,
        "names": selectors.names([row.requested_by for row in page.items]),
        "now": clock.now(),
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
    }
    return render(request, "investors/erasure/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_ask
def erasure_new(request: HttpRequest, investor_id: UUID) -> HttpResponse:
    """Ask for one investor's data to be erased; what stands in the way is said first,
    and the look is recorded."""
    actor = actor_of(request)
    investor = view_investor(investor_id=investor_id, actor=actor, now=clock.now())
    form = RequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.request_erasure(
                investor_id=investor_id, actor=actor, now=clock.now(), **form.cleaned_data
            )
        except Conflict as error:
            add_error(form, error)
        else:
            return redirect("erasure-detail", made)
    context = {
        "investor": investor,
        "profile": people.masked_profiles([investor_id]).get(investor_id),
        "form": form,
        "kept": selectors.in_words(selectors.standing_in_the_way(investor_id, clock.now())),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "investors/erasure/new.html", context, status=status)


@require_GET
@_see
def erasure_detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request: what it asks for, what stands in the way, and the decision; the look is
    recorded."""
    actor = actor_of(request)
    wanted = services.view_request(request_id=request_id, actor=actor, now=clock.now())
    is_open = wanted.state == State.REQUESTED
    reasons = selectors.standing_in_the_way(wanted.investor_id, clock.now()) if is_open else []
    reason, answer = selectors.texts_of(wanted)
    own = wanted.requested_by == actor.user_id
    names = selectors.names([wanted.requested_by, wanted.decided_by])
    context = {
        "erasure": wanted,
        "profile": people.masked_profiles([wanted.investor_id]).get(wanted.investor_id),
        "reason": reason,
        "answer": answer,
        "kept": selectors.in_words(reasons or selectors.kept_because(wanted)),
        "requested_by": names.get(wanted.requested_by, ""),
        "decided_by": names.get(wanted.decided_by, ""),
        "is_open": is_open,
        "is_late": is_open and wanted.answer_due < clock.now(),
        "own": own,
        "may_decide": is_open and not own and Capability.PRIVACY_APPROVE in actor.capabilities,
        "may_withdraw": is_open and Capability.PRIVACY_ERASE in actor.capabilities,
        "may_see_investor": Capability.INVESTORS_VIEW in actor.capabilities,
        "refusal": RefusalForm(),
    }
    return render(request, "investors/erasure/detail.html", context)


@require_POST
@_decide
def erasure_approve(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Erase, for good."""
    services.approve_erasure(request_id=request_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The data key was destroyed. This person's data is erased."))
    return redirect("erasure-detail", request_id)


@require_POST
@_decide
def erasure_refuse(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Refuse, with a reason."""
    services.refuse_erasure(
        request_id=request_id,
        reason=RefusalForm(request.POST)["reason"].data or "",
        actor=actor_of(request),
        now=clock.now(),
    )
    messages.success(request, _("The request was refused; the reason is kept with it."))
    return redirect("erasure-detail", request_id)


@require_POST
@_ask
def erasure_withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take the request back."""
    services.withdraw_erasure(request_id=request_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The request was withdrawn; nothing was erased."))
    return redirect("erasure-detail", request_id)
