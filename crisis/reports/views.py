"""Pages of reports to regulators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.rules import State
from core.reviewed.views import decided, edited, given_by, may_decide
from core.roles import Capability
from crisis.clocks.selectors import shown
from crisis.reports import pdf, selectors, services
from crisis.reports.forms import AnswersForm, HandInForm
from crisis.reports.models import RegulatorReportVersion

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_keep = staff_page(Capability.CRISIS_RUN, Capability.CRISIS_APPROVE)
_approve = staff_page(Capability.CRISIS_APPROVE)


@require_safe
@_see
def report_list(request: HttpRequest) -> HttpResponse:
    """All reports, the newest first."""
    now = given_by(request)["now"]
    page = keyset_page(selectors.reports(), request.GET.get("cursor"))
    cursors = (page.previous_cursor, page.next_cursor)
    previous, following = (query_with(request.GET, cursor=c) if c else "" for c in cursors)
    rows = []
    for report in page.items:
        versions = sorted(report.versions.all(), key=lambda version: version.number)
        rows.append(selectors.DueReport(shown(report.clock, now), versions[-1]))
    context = {"rows": rows, "previous_url": previous, "next_url": following}
    return render(request, "crisis/reports/list.html", context)


@require_POST
@_keep
def report_start(request: HttpRequest, clock_id: UUID) -> HttpResponse:
    """Begin the report of a clock, or a new version of it."""
    version = services.start(clock_id=clock_id, **given_by(request))
    return redirect("regulator-report-edit", version.pk)


@require_safe
@_see
def report_detail(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its answers, the decision about it, its handing in."""
    return _shown(request, _version(request, version_id))


def _shown(
    request: HttpRequest,
    version: RegulatorReportVersion,
    form: DecisionForm | None = None,
    hand_in: HandInForm | None = None,
) -> HttpResponse:
    given = given_by(request)
    held = given["actor"].capabilities
    may_keep = bool(held & {Capability.CRISIS_RUN, Capability.CRISIS_APPROVE})
    may_approve = Capability.CRISIS_APPROVE in held
    versions = selectors.versions_of(version.report)
    done = getattr(version, "submission", None)
    context: dict[str, Any] = {
        "version": version,
        "versions": versions,
        "clock": version.report.clock,
        "shown": shown(version.report.clock, given["now"]),
        "rows": [
            (field, version.answers.get(field.name, "")) for field in version.report.form.fields
        ],
        "submission": done,
        "may_keep": may_keep,
        "may_approve": may_approve,
        "may_decide": may_decide(request, version, may_keep=may_approve),
        "may_hand_in": may_keep and version.state == State.APPROVED and done is None,
        "may_start": may_keep
        and not versions[0].in_work
        and version.report.clock.state not in {"cancelled", "lapsed"},
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
        "hand_in_form": hand_in or HandInForm.at_now(given["now"]),
    }
    refused = any(each is not None and each.errors for each in (form, hand_in))
    return render(request, "crisis/reports/detail.html", context, status=422 if refused else 200)


@_form
@_keep
def report_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft's answers; save, or save and submit."""
    version = _version(request, version_id)
    posted = request.method == "POST"
    return edited(
        request,
        version,
        AnswersForm(version, request.POST) if posted else AnswersForm.of(version),
        save=services.save,
        submit=services.submit,
        page="regulator-report",
        template="crisis/reports/edit.html",
    )


@require_POST
@_approve
def report_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, _version(request, version_id), form)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="regulator-report",
        again=again,
    )


@require_POST
@_keep
def report_hand_in(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Record that it was handed in, with its receipt."""
    form = HandInForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.hand_in(version_id=version_id, **form.fields_given(), **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Handed in; its clock is met."))
            return redirect("regulator-report", version_id)
    return _shown(request, _version(request, version_id), hand_in=form)


@require_POST
@_see
def report_pdf(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The version as PDF. Recorded."""
    services.take(version_id=version_id, **given_by(request))
    version = _version(request, version_id)
    clock = version.report.clock
    mark = "-EXERCISE" if clock.incident.exercise else ""
    name = f"{clock.incident.code}-{clock.code}-v{version.number}{mark}.pdf"
    return _file(pdf.render(version), "application/pdf", name)


@require_POST
@_see
def report_receipt(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """The receipt as it was kept. Recorded."""
    done = services.take_receipt(submission_id=submission_id, **given_by(request))
    suffix = {"application/pdf": "pdf", "image/png": "png"}.get(done.receipt_type, "jpg")
    return _file(bytes(done.receipt or b""), done.receipt_type, f"receipt-{done.pk}.{suffix}")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _version(request: HttpRequest, version_id: UUID) -> RegulatorReportVersion:
    return selectors.version_for(given_by(request)["actor"], version_id)
