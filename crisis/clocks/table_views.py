"""Pages of the clock table: its versions, the rows of a draft, the decision about one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.calendars import CALENDARS
from core.errors import Conflict, InvalidInput, NotFound
from core.forms import add_error
from core.pages import staff_page
from core.reviewed.forms import DecisionForm
from core.reviewed.rules import State
from core.reviewed.views import decided, given_by, may_decide
from core.roles import Capability
from crisis.clocks import selectors
from crisis.clocks.describing import changes, describe
from crisis.clocks.forms import OperatorForm, RowForm
from crisis.clocks.models import ClockTableVersion
from crisis.clocks.rules import Row
from crisis.clocks.services import table

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.CRISIS_VIEW)
_keep = staff_page(Capability.CRISIS_APPROVE, Capability.CRISIS_RUN)
_approve = staff_page(Capability.CRISIS_APPROVE)


@require_safe
@_see
def clock_table(request: HttpRequest) -> HttpResponse:
    """The table in force, and all its versions."""
    actor = given_by(request)["actor"]
    versions = selectors.versions(actor)
    version = next(each for each in versions if each.state == State.APPROVED)
    return _shown(request, version, versions=versions)


@require_safe
@_see
def clock_table_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its rows, what it changes, and the decision about it."""
    return _shown(request, _version(request, version_id))


def _shown(
    request: HttpRequest,
    version: ClockTableVersion,
    form: DecisionForm | None = None,
    versions: list[ClockTableVersion] | None = None,
) -> HttpResponse:
    held = given_by(request)["actor"].capabilities
    in_force = selectors.table_in_force()
    context = {
        "version": version,
        "rows": describe(version.parsed),
        "versions": versions,
        "may_keep": bool(held & {Capability.CRISIS_APPROVE, Capability.CRISIS_RUN}),
        "may_approve": Capability.CRISIS_APPROVE in held,
        "may_decide": may_decide(request, version, may_keep=Capability.CRISIS_APPROVE in held),
        "in_force": in_force,
        "changes": changes(in_force.parsed, version.parsed) if version.in_work else [],
        "operator_changed": version.operator != in_force.operator,
        "operator_form": OperatorForm(
            initial={"operator": version.operator, "revision": version.revision}
        ),
        "certain_until": CALENDARS["cn"].certain_until,
        "form": form or DecisionForm(initial={"shown_hash": version.content_hash}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "crisis/clocks/table.html", context, status=status)


@require_POST
@_keep
def clock_table_new(request: HttpRequest) -> HttpResponse:
    """Start a draft with the rows of the newest version."""
    return redirect("clock-table-version", table.new_version(**given_by(request)).pk)


@_form
@_keep
def clock_table_row_new(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Add a row to a draft."""
    return _row(request, _version(request, version_id), None)


@_form
@_keep
def clock_table_row(request: HttpRequest, version_id: UUID, code: str) -> HttpResponse:
    """Change a row of a draft."""
    version = _version(request, version_id)
    row = next((row for row in version.parsed if row.code == code), None)
    if row is None:
        raise NotFound(_("There is no such row."))
    return _row(request, version, row)


def _row(request: HttpRequest, version: ClockTableVersion, row: Row | None) -> HttpResponse:
    posted = request.method == "POST"
    form = RowForm(version, request.POST) if posted else RowForm.of(version, row)
    if posted and form.is_valid():
        try:
            table.save_row(
                version_id=version.pk,
                row=form.row(),
                replaces=row.code if row else "",
                revision=form.cleaned_data["revision"],
                **given_by(request),
            )
        except InvalidInput as error:
            add_error(form, error)
        except Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("clock-table-version", version.pk)
    context = {
        "version": version,
        "row": row,
        "form": form,
        "editable": version.state == State.DRAFT,
    }
    status = 422 if form.errors else 200
    return render(request, "crisis/clocks/row.html", context, status=status)


@require_POST
@_keep
def clock_table_row_remove(request: HttpRequest, version_id: UUID, code: str) -> HttpResponse:
    """Take a row out of a draft."""
    table.remove_row(version_id=version_id, code=code, **given_by(request))
    messages.success(request, _("Taken out."))
    return redirect("clock-table-version", version_id)


@require_POST
@_keep
def clock_table_operator(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Say whether the firm operates critical information infrastructure."""
    form = OperatorForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Open the draft again."), field="revision")
    table.set_operator(version_id=version_id, **form.cleaned_data, **given_by(request))
    messages.success(request, _("Saved."))
    return redirect("clock-table-version", version_id)


@require_POST
@_keep
def clock_table_submit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Send a draft to a second person."""
    table.submit(version_id=version_id, **given_by(request))
    messages.success(request, _("Submitted for review."))
    return redirect("clock-table-version", version_id)


@require_POST
@_approve
def clock_table_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Put in force what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, _version(request, version_id), form)

    return decided(
        request,
        version_id=version_id,
        approve=table.approve,
        give_back=table.return_version,
        page="clock-table-version",
        again=again,
    )


def _version(request: HttpRequest, version_id: UUID) -> ClockTableVersion:
    return selectors.version_for(given_by(request)["actor"], version_id)
