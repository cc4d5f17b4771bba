"""What these pages share: the choice of a wording, and the way back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import NotFound
from core.pages import keyset_page, query_with
from crisis.incidents.models import Incident
from crisis.statements import selectors
from templates_mgmt.models import TemplateVersion


def chosen_version(request: HttpRequest, actor: Actor) -> TemplateVersion | None:
    """The approved wording that the address names; None when it names none. Raises NotFound."""
    chosen = request.GET.get("version", "")
    if not chosen:
        return None
    try:
        wanted = UUID(chosen)
    except ValueError:
        raise NotFound(_("There is no such version.")) from None
    usable = selectors.usable_versions(actor).prefetch_related("variants")
    version = usable.filter(pk=wanted).first()
    if version is None:
        raise NotFound(_("There is no approved version with this id in your business lines."))
    return version


def choose(request: HttpRequest, actor: Actor, incident: Incident, why: str) -> HttpResponse:
    """The page on which an approved wording is chosen."""
    search = request.GET.get("q", "").replace("\x00", "").strip()
    versions = selectors.usable_versions(actor)
    for word in search.split():
        versions = versions.filter(template__name__icontains=word)
    page = keyset_page(versions, request.GET.get("cursor"))
    context = {
        "incident": incident,
        "versions": page,
        "search": search,
        "why": why,
        "kind": request.GET.get("kind", ""),
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
    }
    return render(request, "crisis/statements/choose.html", context)
