"""What comms adds to the pages of other apps."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from comms import selectors
from core.actor import Actor
from core.roles import Capability
from templates_mgmt import panels
from templates_mgmt.models import Template

SHOWN = 20


@panels.register
def where_used(request: HttpRequest, template: Template) -> SafeString:
    """The notices that used a template (T5), newest first; nothing for who may not see them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if Capability.NOTICES_VIEW not in actor.capabilities:
        return SafeString("")
    notices = list(selectors.where_used(actor, template.pk)[: SHOWN + 1])
    context = {
        "template": template,
        "notices": notices[:SHOWN],
        "more": len(notices) > SHOWN,
        "may_prepare": Capability.NOTICES_PREPARE in actor.capabilities,
    }
    return render_to_string("comms/parts/where_used.html", context, request=request)
