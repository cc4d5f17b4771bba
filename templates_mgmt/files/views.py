"""Pages: a version as a file, and files as drafts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.pages import staff_page
from core.roles import Capability
from templates_mgmt import selectors
from templates_mgmt.files import service
from templates_mgmt.files.forms import ImportForm


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


@require_GET
@staff_page(Capability.TEMPLATES_VIEW)
def version_file(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """A version as a YAML file."""
    name, text = service.export_version(
        version_id=version_id, actor=_actor(request), now=clock.now()
    )
    return as_file(name, text)


def as_file(name: str, text: str) -> HttpResponse:
    """A YAML download; never shown in the browser."""
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Capability.TEMPLATES_DRAFT)
def template_import(request: HttpRequest) -> HttpResponse:
    """Take template files in as drafts, or look first what would happen."""
    lines = selectors.lines_of(_actor(request))
    form = ImportForm(request.POST or None, request.FILES or None, lines=lines)
    context: dict[str, Any] = {"form": form, "check_only": "check" in request.POST}
    if request.method == "POST" and form.is_valid():
        try:
            context["results"] = service.import_files(
                files=form.read(),
                line_id=UUID(form.cleaned_data["line"]),
                actor=_actor(request),
                now=clock.now(),
                dry_run=context["check_only"],
            )
        except InvalidInput as error:
            form.add_error("documents", str(error))
            context["refused"] = error.details.get("files", [])
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/import.html", context, status=status)
