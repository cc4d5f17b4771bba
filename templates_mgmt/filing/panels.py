"""What re-reviews add to a template's page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.actor import Actor
from core.roles import Capability
from templates_mgmt import panels
from templates_mgmt.filing import selectors
from templates_mgmt.models import Template


@panels.register
def rereviews(request: HttpRequest, template: Template) -> SafeString:
    """The template's re-reviews, open ones first; nothing when there never was one."""
    rows = selectors.rereviews_of_template(template.pk)
    if not rows:
        return SafeString("")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {"rereviews": rows, "may_review": Capability.TEMPLATES_REVIEW in actor.capabilities}
    return render_to_string("templates_mgmt/filing/panel.html", context, request=request)
