"""Pages of legal holds."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.retention import selectors, services
from audit.retention.forms import HoldForm, ReasonForm
from audit.retention.models import HoldScope
from audit.retention.views import SEE, actor_of, reason_of
from core import clock
from core.access import require_step_up
from core.errors import VouchsafeError
from core.forms import add_error
from core.pages import staff_page
from core.roles import Capability as C

MOST = 500  # holds on one page; a firm has a handful


@require_safe
@staff_page(*SEE)
def hold_list(request: HttpRequest) -> HttpResponse:
    """All holds: those in force first."""
    rows = list(selectors.holds()[:MOST])
    services.note_holds_read(shown=len(rows), actor=actor_of(request), now=clock.now())
    names = selectors.person_names([row.placed_by for row in rows] + [row.staff for row in rows])
    context = {
        "rows": [(row, names.get(row.placed_by, "–"), names.get(row.staff)) for row in rows],  # type: ignore[arg-type]
        "may_place": C.HOLDS_PLACE in actor_of(request).capabilities,
    }
    return render(request, "audit/hold_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.HOLDS_PLACE)
def hold_new(request: HttpRequest) -> HttpResponse:
    """Place a hold; `?scope=…&subject=…` fill the form in."""
    given = {name: request.GET[name] for name in ("scope", "subject") if name in request.GET}
    form = HoldForm(request.POST or None, initial=given or {"scope": HoldScope.INVESTOR})
    if request.method == "POST" and form.is_valid():
        try:
            hold = services.place_hold(**form.request(), actor=actor_of(request), now=clock.now())
        except VouchsafeError as error:
            if error.field is None:
                raise
            add_error(form, error)
        else:
            return redirect("hold-detail", hold_id=hold.pk)
    status = 422 if form.errors else 200
    return render(request, "audit/hold_new.html", {"form": form}, status=status)


@require_safe
@staff_page(*SEE)
def hold_detail(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold: what it freezes, why, who placed it and who released it."""
    hold = selectors.hold_by_id(hold_id)
    actor = actor_of(request)
    services.note_holds_read(shown=1, hold_id=hold.pk, actor=actor, now=clock.now())
    names = selectors.person_names([hold.placed_by, hold.released_by, hold.staff])
    may = C.HOLDS_PLACE in actor.capabilities and hold.released_at is None
    context = {
        "hold": hold,
        "placed_by": names.get(hold.placed_by, str(hold.placed_by)),
        "released_by": names.get(hold.released_by) if hold.released_by else "",
        "staff": names.get(hold.staff) if hold.staff else "",
        "may_release": may and actor.user_id != hold.placed_by,
        "waits_for_other": may and actor.user_id == hold.placed_by,
        "form": ReasonForm(),
    }
    return render(request, "audit/hold_detail.html", context)


@require_POST
@staff_page(C.HOLDS_PLACE)
def hold_release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Release a hold that somebody else placed."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    services.release_hold(hold_id=hold_id, reason=reason_of(request), actor=actor, now=now)
    return redirect("hold-detail", hold_id=hold_id)
