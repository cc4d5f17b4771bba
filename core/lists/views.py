"""The tabs of saved views above a list, and the two forms that make and remove one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.lists import services
from core.lists.models import SavedView
from core.pages import safe_path, staff_page


def views_of(request: HttpRequest, list_name: str) -> dict[str, Any]:
    """What `ui/list_tools.html` shows of one list: one query."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    here = services.kept_query(list_name, request.GET.urlencode())
    views = [
        {"view": view, "url": f"?{view.query}", "current": view.query == here}
        for view in SavedView.objects.filter(owner=actor.user_id, list_name=list_name)
    ]
    current = any(view["current"] for view in views)
    return {
        "saved_views": views,
        "list_name": list_name,
        "list_path": request.path,
        "list_query": request.GET.urlencode(),
        "may_save_view": bool(here) and not current,
        "all_current": not request.GET.keys() - {"cursor"},
    }


@require_POST
@staff_page()
def view_save(request: HttpRequest, list_name: str) -> HttpResponse:
    """Keep the filters of the page that the form stood on."""
    back = _back(request)
    try:
        view = services.save_view(
            list_name=list_name,
            name=request.POST.get("name", ""),
            query=urlsplit(back).query,
            actor=request.actor,  # type: ignore[attr-defined]
            now=clock.now(),
        )
    except InvalidInput as error:
        messages.error(request, str(error.message))
        return redirect(back)
    messages.success(request, _("The view is saved."))
    return redirect(f"{urlsplit(back).path}?{view.query}")


@require_POST
@staff_page()
def view_remove(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Remove one's own view."""
    services.remove_view(
        view_id=view_id,
        actor=request.actor,  # type: ignore[attr-defined]
        now=clock.now(),
    )
    messages.success(request, _("The view is removed."))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    return safe_path(request, request.POST.get("path", ""), fallback="/")
