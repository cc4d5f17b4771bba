"""Pages of indicators and of effect."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.indicators import selectors, services
from crisis.indicators.forms import AccountForm, ReadingForm, TableForm
from crisis.indicators.measures import MEASURES
from crisis.indicators.models import IndicatorTableVersion, Reading

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.RISK_VIEW)
_edit = staff_page(Capability.RISK_EDIT)
_approve = staff_page(Capability.RISK_APPROVE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _may_edit(request: HttpRequest) -> bool:
    return Capability.RISK_EDIT in _actor(request).capabilities


@require_safe
@_see
def indicators(request: HttpRequest) -> HttpResponse:
    """All indicators over the last year, and the running month so far."""
    return _indicators(request)


def _indicators(request: HttpRequest, form: ReadingForm | None = None) -> HttpResponse:
    months, series = selectors.overview(_actor(request), timezone.localdate())
    rows = [each.indicator for each in series]
    context = {
        "columns": [f"{month:%Y-%m}" for month in months],
        "rows": [
            (each, {each.indicator.label: [_number(one) for one in each.readings[:12]]})
            for each in series
        ],
        "versions": selectors.versions(_actor(request)),
        "form": form or ReadingForm(indicators=rows),
        "by_hand": any(not row.source for row in rows),
        "may_edit": _may_edit(request),
    }
    status = 422 if form is not None else 200
    return render(request, "crisis/indicators/list.html", context, status=status)


def _number(reading: Reading | None) -> float | None:
    return float(reading.value) if reading else None


@require_POST
@_edit
def reading_write(request: HttpRequest) -> HttpResponse:
    """Write a value down."""
    form = ReadingForm(request.POST, indicators=selectors.table_in_force().indicators)
    if form.is_valid():
        try:
            services.write_reading(**form.cleaned_data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("risk-indicators")
    return _indicators(request, form)


# The table ------------------------------------------------------------------------------------


@require_POST
@_edit
def table_new(request: HttpRequest) -> HttpResponse:
    """Start a draft of the table."""
    version = services.new_version(**given_by(request))
    return redirect("risk-indicator-table-edit", version.pk)


@_form
@_edit
def table_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Rows and goals of a draft."""
    version = selectors.version_for(_actor(request), version_id)
    form = TableForm(request.POST or None, version=version)
    return edited(
        request, version, form, save=services.save, submit=services.submit,
        page="risk-indicator-table", template="crisis/indicators/edit.html",
    )  # fmt: skip


@require_safe
@_see
def table(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: rows, goals, the decision."""
    return _shown(request, selectors.version_for(_actor(request), version_id))


def _shown(
    request: HttpRequest, version: IndicatorTableVersion, form: DecisionForm | None = None
) -> HttpResponse:
    may_keep = Capability.RISK_APPROVE in _actor(request).capabilities
    context = {
        "version": version,
        "rows": [
            (row, MEASURES[row.source].label if row.source in MEASURES else _("Written by hand"))
            for row in version.indicators
        ],
        "goals": version.wanted,
        "may_edit": _may_edit(request),
        "may_keep": may_keep,
        "may_decide": may_decide(request, version, may_keep=may_keep),
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "crisis/indicators/table.html", context, status=status)


@require_POST
@_approve
def table_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Put the table in force, or give it back."""
    return decided(
        request, version_id=version_id, approve=services.approve,
        give_back=services.return_version, page="risk-indicator-table",
        again=lambda form: _shown(
            request, selectors.version_for(_actor(request), version_id), form
        ),
    )  # fmt: skip


# Effect ---------------------------------------------------------------------------------------


@require_safe
@_see
def effect(request: HttpRequest) -> HttpResponse:
    """Whether it helped: incidence, response, cost and benefit."""
    return _effect(request)


def _effect(request: HttpRequest, form: AccountForm | None = None) -> HttpResponse:
    given = given_by(request)
    found = selectors.effect(given["actor"], given["now"])
    context = {
        "effect": found,
        "columns": [f"{month:%Y-%m}" for month, _n in found.months],
        "series": {_("Incidents"): [n for _month, n in found.months]},
        "accounts": selectors.accounts(given["actor"]),
        "form": form or AccountForm(initial={"year": timezone.localdate().year}),
        "may_edit": _may_edit(request),
    }
    status = 422 if form is not None else 200
    return render(request, "crisis/indicators/effect.html", context, status=status)


@require_POST
@_edit
def account_add(request: HttpRequest) -> HttpResponse:
    """Enter a cost or a benefit."""
    form = AccountForm(request.POST)
    if form.is_valid():
        try:
            services.add_account(**form.cleaned_data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("risk-effect")
    return _effect(request, form)


@require_POST
@_edit
def account_reverse(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Take an entry back."""
    try:
        services.reverse_account(
            account_id=account_id, reason=request.POST.get("reason", ""), **given_by(request)
        )
    except (InvalidInput, Conflict) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back; both entries stay."))
    return redirect("risk-effect")
