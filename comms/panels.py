"""What comms adds to the pages of other apps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from comms import reach as reach
from comms import selectors
from comms.models import Notice
from comms.rules import NoticeState
from core.actor import Actor
from core.roles import Capability
from templates_mgmt import panels
from templates_mgmt.filing import usage
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


@panels.register
def recalled(request: HttpRequest, template: Template) -> SafeString:
    """What had gone and what was stopped of the notices whose wording was recalled (T1)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if Capability.NOTICES_VIEW not in actor.capabilities:
        return SafeString("")
    rows = selectors.recalled_notices(actor, template.pk)
    if not rows:
        return SafeString("")
    return render_to_string("comms/parts/recalled.html", {"rows": rows}, request=request)


@usage.register
def released_uses(versions: Collection[UUID]) -> Mapping[UUID, usage.Use]:
    """First and last use of versions in notices that were let out: from the first release to the
    end of the last notice (its release while it is still going out); one query."""
    going = Q(state__in=[NoticeState.RELEASED, NoticeState.SENDING, NoticeState.PAUSED])
    rows = (
        Notice.objects.filter(version__in=versions, released_at__isnull=False)
        .order_by()
        .values_list("version")
        .annotate(
            first=Min("released_at"),
            last=Max(Coalesce("finished_at", "released_at")),
            count=Count("pk"),
            going=Count("pk", filter=going),
        )
    )
    return {version: usage.Use(*rest) for version, *rest in rows}
