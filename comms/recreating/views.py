"""The page that shows a sent message in full, and gives its bytes as a file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from comms.recreating import services
from comms.recreating.selectors import Recreated
from comms.views.common import actor_of
from core import clock
from core.pages import staff_page
from core.roles import Capability


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(*services.MAY_SHOW)
def delivery_as_sent(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Ask for the reason; with one, show the message, or hand its bytes out (`file`)."""
    actor = actor_of(request)
    delivery = services.delivery_for(actor, delivery_id)
    context = {
        "delivery": delivery,
        "notice": delivery.notice,
        "may_open": Capability.NOTICES_VIEW in actor.capabilities,
        "may_audit": Capability.AUDIT_BROWSE in actor.capabilities,
    }
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        made = services.show_as_sent(
            delivery_id=delivery_id, reason=reason, actor=actor, now=clock.now()
        )
        if "file" in request.POST:
            return _file(delivery_id, made)
        context |= {"made": made, "reason": reason, "source": made.wire.decode(errors="replace")}
    return render(request, "comms/delivery_as_sent.html", context)


def _file(delivery_id: UUID, made: Recreated) -> HttpResponse:
    name = f"{delivery_id}.{made.file_ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(made.wire, content_type=made.media_type, headers=headers)
