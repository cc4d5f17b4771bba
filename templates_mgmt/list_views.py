"""The list of templates: on the screen, and taken away as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.listing import services as listing
from audit.listing.views import download, local
from core import clock
from core.actor import Actor
from core.lists.views import views_of
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability
from templates_mgmt import rules, selectors
from templates_mgmt.forms import FilterForm
from templates_mgmt.models import Template

_see = staff_page(Capability.TEMPLATES_VIEW)


def _asked(request: HttpRequest) -> tuple[Actor, FilterForm, dict[str, Any], QuerySet[Template]]:
    """Who asks, the form, the filters chosen, and what they find."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = FilterForm(request.GET, lines=selectors.lines_of(actor))
    chosen = form.cleaned_data if form.is_valid() else {}
    found = selectors.find_templates(
        actor,
        state=chosen.get("state", ""),
        category=chosen.get("category", ""),
        line=chosen.get("line", ""),
        search=chosen.get("q", ""),
    )
    return actor, form, chosen, found


@require_GET
@_see
def template_list(request: HttpRequest) -> HttpResponse:
    """All templates that the actor may see, narrowed by the filters in the address."""
    actor, form, chosen, found = _asked(request)
    page = keyset_page(found, request.GET.get("cursor"))
    context = {
        "form": form,
        "page": page,
        "filtered": any(chosen.values()),
        "next_url": _page_url(request, page.next_cursor),
        "previous_url": _page_url(request, page.previous_cursor),
        "may_draft": Capability.TEMPLATES_DRAFT in actor.capabilities,
        **views_of(request, "template-list"),
    }
    return render(request, "templates_mgmt/list.html", context)


def _page_url(request: HttpRequest, cursor: str | None) -> str:
    return query_with(request.GET, cursor=cursor) if cursor else ""


@require_POST
@_see
def template_list_export(request: HttpRequest) -> HttpResponse:
    """The list with its filters as a table."""
    actor, _form, chosen, found = _asked(request)
    listing.require_bounded(found)
    made = listing.export_list(
        list_name="templates",
        columns=[
            _("Code"), _("Template"), _("Category"), _("Business line"), _("Newest version"),
            _("State"), _("Approved version"), _("Edited"),
        ],
        rows=_rows(found),
        filters={name: value for name, value in chosen.items() if name != "q"},
        searched=chosen.get("q", "").strip(),
        actor=actor,
        now=clock.now(),
    )  # fmt: skip
    return download(made)


def _rows(found: QuerySet[Template]) -> Iterator[list[object]]:
    for templates in listing.pages(found):
        for template in templates:
            state: str = template.newest_state  # type: ignore[attr-defined]
            yield [
                template.code,
                template.name,
                template.get_category_display(),
                template.business_line.name,
                template.newest_number,  # type: ignore[attr-defined]
                rules.STATE_LABELS[rules.State(state)] if state else "",
                template.approved_number,  # type: ignore[attr-defined]
                local(template.newest_at),  # type: ignore[attr-defined]
            ]
