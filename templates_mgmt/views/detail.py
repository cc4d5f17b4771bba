"""Pages of templates: one template, a new one, two versions side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from core import clock
from core.errors import InvalidInput
from core.forms import add_error
from core.roles import Capability
from templates_mgmt import library, page_selectors, panels, selectors, services
from templates_mgmt.forms import ExampleForm, NewTemplateForm
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State
from templates_mgmt.views.common import actor_of, draft, form_page, see


@form_page
@draft
def template_new(request: HttpRequest) -> HttpResponse:
    """Make a template with a blank draft, or start from an example."""
    form = NewTemplateForm(request.POST or None, lines=selectors.lines_of(actor_of(request)))
    if request.method == "POST" and form.is_valid():
        chosen = dict(form.cleaned_data)
        try:
            version = services.create_template(
                line_id=UUID(chosen.pop("line")),
                **chosen,
                actor=actor_of(request),
                now=clock.now(),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("version-edit", version.pk)
    return _new_page(request, form=form, status=422 if form.errors else 200)


@require_POST
@draft
def template_from_example(request: HttpRequest) -> HttpResponse:
    """Make a template from an example of the library."""
    form = _example_form(request, request.POST)
    if not form.is_valid():
        return _new_page(request, example_form=form, status=422)
    version_id = library.load_library_template(
        slug=form.cleaned_data["example"],
        line_id=UUID(form.cleaned_data["line"]),
        actor=actor_of(request),
        now=clock.now(),
    )
    return redirect("version-review", version_id)


def _new_page(
    request: HttpRequest,
    *,
    form: NewTemplateForm | None = None,
    example_form: ExampleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = selectors.lines_of(actor_of(request))
    context = {
        "form": form or NewTemplateForm(lines=lines),
        "example_form": example_form or _example_form(request),
    }
    return render(request, "templates_mgmt/new.html", context, status=status)


def _example_form(request: HttpRequest, data: Any = None) -> ExampleForm:
    return ExampleForm(
        data,
        lines=selectors.lines_of(actor_of(request)),
        examples=[(slug, library.read_example(slug).name) for slug in library.slugs()],
        prefix="example",
    )


@require_GET
@see
def template_detail(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """One template: its versions, and what other apps tell about it."""
    actor = actor_of(request)
    template = selectors.template_for(actor, template_id)
    return render(
        request,
        "templates_mgmt/detail.html",
        {
            "template": template,
            "versions": page_selectors.versions_of(template),
            "panels": panels.rendered(request, template),
            "may_draft": Capability.TEMPLATES_DRAFT in actor.capabilities
            and template.newest_state != State.DRAFT,  # type: ignore[attr-defined]
        },
    )


@require_GET
@see
def version_compare(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """The word differences between two versions of a template, side by side."""
    template = selectors.template_for(actor_of(request), template_id)
    versions = page_selectors.versions_of(template)
    chosen = [_numbered(versions, request.GET.get(name)) for name in ("old", "new")]
    old, new = chosen
    differences = selectors.diff_versions(old, new) if old and new else []
    return render(
        request,
        "templates_mgmt/compare.html",
        {
            "template": template,
            "versions": versions,
            "old": old,
            "new": new,
            "differences": page_selectors.differences(differences),
        },
    )


def _numbered(versions: list[TemplateVersion], number: str | None) -> TemplateVersion | None:
    return next((version for version in versions if str(version.number) == number), None)
