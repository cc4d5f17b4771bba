"""Pages of calls: mine, one of mine with its answers, calling a role again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.escalation import selectors, services
from crisis.escalation.forms import DeclineForm
from crisis.escalation.models import Call

_staff = staff_page()
_run = staff_page(Capability.CRISIS_RUN)


@require_GET
@_staff
def call_list(request: HttpRequest) -> HttpResponse:
    """What waits for my answer, and my earlier calls."""
    actor = given_by(request)["actor"]
    page = keyset_page(selectors.calls_to(actor), request.GET.get("cursor"))
    cursors = (page.previous_cursor, page.next_cursor)
    previous, following = (query_with(request.GET, cursor=c) if c else "" for c in cursors)
    context = {
        "waiting": selectors.waiting_for(actor),
        "calls": page.items,
        "previous_url": previous,
        "next_url": following,
    }
    return render(request, "crisis/escalation/list.html", context)


@require_GET
@_staff
def call_detail(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call to me, with the buttons of its answers. Opening it answers nothing."""
    return _shown(request, selectors.own_call(given_by(request)["actor"], call_id), DeclineForm())


def _shown(request: HttpRequest, call: Call, form: DeclineForm) -> HttpResponse:
    sees = Capability.CRISIS_VIEW in given_by(request)["actor"].capabilities
    context = {"call": call, "form": form, "sees_incident": sees}
    return render(
        request, "crisis/escalation/call.html", context, status=422 if form.errors else 200
    )


@require_POST
@_staff
def call_acknowledge(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Take it on, in one tap."""
    try:
        services.acknowledge(call_id=call_id, **given_by(request))
    except Conflict as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("You have taken this on. Nobody else is called for it."))
    return redirect("call-detail", call_id)


@require_POST
@_staff
def call_decline(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Hand on to the next person, with a reason."""
    call, form = selectors.own_call(given_by(request)["actor"], call_id), DeclineForm(request.POST)
    if form.is_valid():
        try:
            services.decline(call_id=call_id, **form.cleaned_data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        except Conflict as error:
            messages.warning(request, str(error))
            return redirect("call-detail", call_id)
        else:
            messages.success(request, _("Declined; the next person is called."))
            return redirect("call-detail", call_id)
    return _shown(request, call, form)


@require_POST
@_run
def call_again(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Call out a role of an incident by hand."""
    role = request.POST.get("role", "")
    page = services.call_again(incident_id=incident_id, role=role, **given_by(request))
    messages.success(request, _("“%(role)s” is called out.") % {"role": page.role_name})
    return redirect("incident-detail", incident_id)
