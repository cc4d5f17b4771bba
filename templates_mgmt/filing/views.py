"""Pages: the filing record of a version, all records, exports, and a re-review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability
from templates_mgmt.filing import selectors, services
from templates_mgmt.filing.forms import (
    CarrierForm,
    FilingForm,
    KeepForm,
    PeriodForm,
    ShortenForm,
)
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import SENDABLE, State
from templates_mgmt.selectors import version_for

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.TEMPLATES_VIEW)
_draft = staff_page(Capability.TEMPLATES_DRAFT)
_review = staff_page(Capability.TEMPLATES_REVIEW)
_either = staff_page(Capability.TEMPLATES_DRAFT, Capability.TEMPLATES_REVIEW)
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _given(request: HttpRequest) -> dict[str, Any]:
    return {"actor": _actor(request), "now": clock.now()}


@require_GET
@_see
def version_filing(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The filing record of one version, and what may still change in it."""
    return _page(request, version_for(_actor(request), version_id))


def _page(
    request: HttpRequest, version: TemplateVersion, *, status: int = 200, **forms: Any
) -> HttpResponse:
    may = _actor(request).capabilities
    submitted = version.state != State.DRAFT
    context: dict[str, Any] = {
        "version": version,
        "record": selectors.shown(version, clock.now()),
        "may_edit": not submitted and Capability.TEMPLATES_DRAFT in may,
        "may_shorten": version.state in SENDABLE and Capability.TEMPLATES_REVIEW in may,
        "may_say": submitted
        and bool({Capability.TEMPLATES_DRAFT, Capability.TEMPLATES_REVIEW} & may),
        "shorten": ShortenForm(),
        "carrier": CarrierForm(),
        **forms,
    }
    return render(request, "templates_mgmt/filing/version.html", context, status=status)


@_form
@_draft
def version_filing_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write the filing record of a draft."""
    version = version_for(_actor(request), version_id)
    if version.state != State.DRAFT and request.method != "POST":
        return redirect("version-filing", version_id)
    form = FilingForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_filing(version_id=version_id, **form.terms(), **_given(request))
        except InvalidInput as error:
            add_error(form, error)
        except Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("version-filing", version_id)
    context = {"version": version, "form": form}
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/filing/edit.html", context, status=status)


@require_POST
@_review
def filing_shorten(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Bring the expiry of an approved version forward."""
    form = ShortenForm(request.POST)
    if form.is_valid():
        try:
            services.shorten(version_id=version_id, **form.cleaned_data, **_given(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("The expiry was brought forward."))
            return redirect("version-filing", version_id)
    return _page(request, version_for(_actor(request), version_id), status=422, shorten=form)


@require_POST
@_either
def filing_carrier(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Note what a carrier says about its template."""
    form = CarrierForm(request.POST)
    if form.is_valid():
        try:
            services.set_carrier(version_id=version_id, **form.cleaned_data, **_given(request))
        except InvalidInput as error:
            add_error(form, error)
        except Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("version-filing", version_id)
    return _page(request, version_for(_actor(request), version_id), status=422, carrier=form)


@require_POST
@_see
def version_filing_export(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One filing record as a file."""
    form = request.POST.get("format", "")
    return _as_file(
        *services.export_filing(version_id=version_id, form=form, **_given(request)), form
    )


@_form
@_see
def filings(request: HttpRequest) -> HttpResponse:
    """All filing records; POST exports those of a period."""
    form = PeriodForm(request.POST) if request.method == "POST" else PeriodForm.this_year()
    if form.is_bound and form.is_valid():
        chosen = dict(form.cleaned_data)
        written = chosen.pop("format")
        try:
            made = services.export_period(form=written, **chosen, **_given(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            return _as_file(*made, written)
    page = keyset_page(selectors.filings(_actor(request)), request.GET.get("cursor"))
    context = {
        "form": form,
        "page": page,
        "now": clock.now(),
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
    }
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/filing/list.html", context, status=status)


def _as_file(name: str, text: str, form: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=_TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@_form
@_review
def rereview(request: HttpRequest, rereview_id: UUID) -> HttpResponse:
    """One re-review: what caused it, and the statement that the version is still right."""
    row = selectors.rereview_for(_actor(request), rereview_id)
    form = KeepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.keep(rereview_id=rereview_id, **form.cleaned_data, **_given(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Decided."))
            return redirect("version-filing", row.version_id)
    person = _actor(request).user_id
    context = {
        "row": row,
        "form": form,
        "barred": row.version.contributors.filter(user=person).exists(),
    }
    status = 422 if form.errors else 200
    return render(request, "templates_mgmt/filing/rereview.html", context, status=status)
