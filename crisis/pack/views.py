"""The page of packs."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import NotFound
from core.pages import staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.pack import selectors, services
from crisis.pack.services import NAME, TYPES, Form


@require_safe
@staff_page(Capability.CRISIS_VIEW)
def pack_list(request: HttpRequest) -> HttpResponse:
    """What the pack is for, and the newest ones."""
    given = given_by(request)
    packs = selectors.packs(given["actor"])
    context = {
        "packs": packs,
        "stale": selectors.is_stale(packs[0] if packs else None, given["now"]),
        "may_make": Capability.CRISIS_RUN in given["actor"].capabilities,
    }
    return render(request, "crisis/pack/list.html", context)


@require_POST
@staff_page(Capability.CRISIS_RUN)
def pack_make(request: HttpRequest) -> HttpResponse:
    """Make a fresh one now."""
    services.make_pack(**given_by(request))
    messages.success(request, _("A fresh pack was made."))
    return redirect("crisis-packs")


@require_POST
@staff_page(Capability.CRISIS_VIEW)
def pack_take(request: HttpRequest, pack_id: UUID, form: str) -> HttpResponse:
    """Download one file. Recorded."""
    if form not in set(Form):
        raise NotFound(_("There is no such pack."))
    chosen = Form(form)
    data = services.take_pack(pack_id=pack_id, form=chosen, **given_by(request))
    return HttpResponse(
        data,
        content_type=TYPES[chosen],
        headers={
            "Content-Disposition": f'attachment; filename="{NAME}.{chosen.value}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
