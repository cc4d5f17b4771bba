"""The list of investors: on the screen, and taken away as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from audit.listing import services as listing
from audit.listing.views import download
from core import clock
from core.actor import Actor
from core.lists.views import views_of
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability
from investors import selectors, services
from investors.forms import FilterForm
from investors.models import InvestorQuerySet

_see = staff_page(Capability.INVESTORS_VIEW)
ORDER = ("id",)
REACH = {
    0: gettext_lazy("Neither SMS nor e-mail"),
    1: gettext_lazy("One channel"),
    2: gettext_lazy("SMS and e-mail"),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for."""

    actor: Actor
    form: FilterForm
    chosen: dict[str, Any]
    found: InvestorQuerySet


def _asked(request: HttpRequest) -> _Asked:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = FilterForm(request.GET, lines=selectors.lines_of(actor))
    chosen = form.cleaned_data if form.is_valid() else {}
    found = _narrowed(selectors.investors_visible_to(actor), chosen)
    if text := chosen.get("q", "").strip():
        ids = services.search_investors(text=text, actor=actor, now=clock.now())
        found = found.filter(pk__in=ids)
    return _Asked(actor, form, chosen, found)


def _narrowed(found: InvestorQuerySet, chosen: dict[str, Any]) -> InvestorQuerySet:
    if line := chosen.get("line"):
        found = found.filter(business_line__code=line)
    if language := chosen.get("language"):
        found = found.filter(language=language)
    if risk := chosen.get("risk"):
        found = found.filter(risk_level="" if risk == "none" else risk)
    if reach := chosen.get("reach"):
        found = found.filter(reach=int(reach))
    return found


@require_GET
@_see
def investor_list(request: HttpRequest) -> HttpResponse:
    """Investors of the actor's lines, narrowed by the filters in the address."""
    asked = _asked(request)
    page = keyset_page(asked.found, request.GET.get("cursor"), order=ORDER)
    profiles = selectors.masked_profiles([investor.pk for investor in page.items])
    services.list_shown(count=len(page.items), actor=asked.actor, now=clock.now())
    context = {
        "form": asked.form,
        "rows": [(investor, profiles.get(investor.pk)) for investor in page.items],
        "filtered": any(asked.chosen.values()),
        "next_url": _page_url(request, page.next_cursor),
        "previous_url": _page_url(request, page.previous_cursor),
        "may_import": Capability.INVESTORS_IMPORT in asked.actor.capabilities,
        **views_of(request, "investor-list"),
    }
    return render(request, "investors/list.html", context)


def _page_url(request: HttpRequest, cursor: str | None) -> str:
    return query_with(request.GET, cursor=cursor) if cursor else ""


@require_POST
@_see
def investor_list_export(request: HttpRequest) -> HttpResponse:
    """The list with its filters as a table; names and contacts masked as on the screen."""
    asked = _asked(request)
    listing.require_bounded(asked.found)
    made = listing.export_list(
        list_name="investors",
        columns=[
            _("Customer number"), _("Name"), _("Phone"), _("E-mail"), _("Business line"),
            _("Language"), _("Risk level"), _("Can be reached by"), _("State"), _("Pseudonym"),
        ],
        rows=_rows(asked.found),
        filters={name: value for name, value in asked.chosen.items() if name != "q"},
        searched=asked.chosen.get("q", "").strip(),
        actor=asked.actor,
        now=clock.now(),
    )  # fmt: skip
    return download(made)


def _rows(found: InvestorQuerySet) -> Iterator[list[object]]:
    for investors in listing.pages(found, order=ORDER):
        ids = [investor.pk for investor in investors]
        profiles, contacts = selectors.masked_profiles(ids), selectors.masked_in_use(ids)
        for investor in investors:
            profile = profiles.get(investor.pk)
            yield [
                profile.ref if profile else _("erased"),
                profile.name if profile else "",
                contacts.get((investor.pk, "phone"), ""),
                contacts.get((investor.pk, "email"), ""),
                investor.business_line.name,
                investor.get_language_display(),
                investor.risk_level,
                REACH[investor.reach],
                investor.get_status_display(),
                investor.pk,
            ]
