"""The overview and the search over everything."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock, pages
from portal import dashboard
from portal.search import search_everything
from portal.templatetags.states import look


@require_safe
@pages.staff_page()
def overview(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, what is going out, and the ledger's health."""
    shown = dashboard.Overview(
        actor=request.actor,  # type: ignore[attr-defined]
        now=clock.now(),
        zone=timezone.get_current_timezone(),
    )
    if pages.is_htmx(request):
        return render(request, "overview/live.html", {"overview": shown})
    context = {"overview": shown, "first_steps": dashboard.first_steps(shown.actor)}
    if shown.sees_notices:
        series = shown.hourly()
        context["hours"] = [f"{hour:%H}:00" for hour in shown.hours]
        context["hourly"] = {str(look(name, "delivery").word): series[name] for name in series}
        context["moved"] = any(map(any, series.values()))
    return render(request, "overview/overview.html", context)


@require_safe
@pages.staff_page()
def search(request: HttpRequest) -> HttpResponse:
    """Results by area for `q`; the search is recorded."""
    text = request.GET.get("q", "").replace("\x00", "")
    areas = search_everything(text=text, actor=request.actor, now=clock.now())  # type: ignore[attr-defined]
    context = {
        "search_text": text,
        "areas": areas,
        "found": sum(len(area.hits) for area in areas),
        "title": _("Search"),
    }
    return render(request, "search.html", context)
