"""Linking from any page that shows a panel of links."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput, NotFound
from core.pages import safe_path, staff_page
from crisis.risks.forms import LinkForm, WhyForm
from crisis.risks.links import selectors, services
from crisis.risks.links.models import Link
from crisis.risks.links.rules import End, Kind
from crisis.risks.web import EDIT, actor_of


@require_POST
@staff_page(*EDIT)
def link_new(request: HttpRequest, kind: str, target_id: UUID) -> HttpResponse:
    """Link the thing of this page to another."""
    actor, here = actor_of(request), End(kind, target_id)
    if kind not in set(Kind) or not selectors.exists(actor, here):
        raise NotFound(_("There is no such thing to link."))
    form = LinkForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Say what to link to."), field="target")
    typed = form.cleaned_data
    other = selectors.end_for(typed["kind"], typed["target"])
    services.link(one=here, other=other, why=typed["why"], actor=actor, now=clock.now())
    messages.success(request, _("Linked."))
    return redirect(_back(request))


@require_POST
@staff_page(*EDIT)
def link_end(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Take a link back."""
    if not Link.objects.filter(pk=link_id).exists():
        raise NotFound(_("There is no such link."))
    form = WhyForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Say why."), field="why")
    why = form.cleaned_data["why"]
    services.unlink(link_id=link_id, why=why, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The link is taken back."))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page whose panel was used."""
    return safe_path(request, request.POST.get("next", ""), fallback="/risks/")
