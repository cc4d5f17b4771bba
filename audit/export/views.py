"""Pages of the exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import keys
from audit import selectors as ledger
from audit.browsing.labels import label_of
from audit.export import files, handout, requests, rules, selectors
from audit.export.forms import DecisionForm, ExportForm
from audit.export.rules import ExportState
from audit.models import Export
from core import clock
from core.access import require_step_up
from core.actor import Actor
from core.errors import InvalidInput, VouchsafeError
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability as C

SEE = (C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE)
DECIDE: dict[str, Callable[..., Export]] = {
    "approve": requests.approve_export,
    "refuse": requests.refuse_export,
    "withdraw": requests.withdraw_export,
}


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_safe
@staff_page(*SEE)
def export_list(request: HttpRequest) -> HttpResponse:
    """The exports that this person may see; `mark` finds the one with a watermark."""
    actor, mark = actor_of(request), request.GET.get("mark", "")
    rows = selectors.visible_exports(actor)
    if mark:
        rows = rows.filter(watermark=rules.read_watermark(mark) or "")
    page = keyset_page(rows, request.GET.get("cursor"))
    selectors.name_subjects(page.items)
    people = [each for export in page for each in (export.requested_by, export.decided_by)]
    names = ledger.actor_names(f"user:{person}" for person in people)
    context = {
        "rows": [(export, names.get(f"user:{export.requested_by}", "–")) for export in page],
        "mark": mark,
        "may_create": C.EXPORTS_CREATE in actor.capabilities,
        "may_approve": C.EXPORTS_APPROVE in actor.capabilities,
        "previous_url": _page_url(request, page.previous_cursor),
        "next_url": _page_url(request, page.next_cursor),
    }
    return render(request, "audit/export_list.html", context)


def _page_url(request: HttpRequest, cursor: str | None) -> str:
    return query_with(request.GET, cursor=cursor) if cursor else ""


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.EXPORTS_CREATE)
def export_new(request: HttpRequest) -> HttpResponse:
    """Ask for an export; needs a fresh second factor from the start, so that no work is lost."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    names = ("notice", "investor", "template", "incident")
    initial = {name: request.GET[name] for name in names if request.GET.get(name)}
    form = ExportForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            export = requests.request_export(**form.request(), actor=actor, now=now)
        except VouchsafeError as error:
            if error.field is None:
                raise
            add_error(form, error)
        else:
            messages.success(request, _("Asked for. Another person must approve it now."))
            return redirect("export-detail", export_id=export.pk)
    status = 422 if form.errors else 200
    return render(request, "audit/export_new.html", {"form": form}, status=status)


@require_safe
@staff_page(*SEE)
def export_detail(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One export: its scope, its two people, how far it is, its download."""
    context = export_context(request, export_id)
    return render(request, "audit/export_detail.html", context)


@require_safe
@staff_page(*SEE)
def export_live(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The part of an export's page that changes while it is built."""
    return render(request, "audit/parts/export_state.html", export_context(request, export_id))


def export_context(request: HttpRequest, export_id: UUID, **form: Any) -> dict[str, Any]:
    """What the page of an export shows."""
    actor = actor_of(request)
    export = selectors.export_for(export_id, actor)
    selectors.name_subjects([export])
    people = (export.requested_by, export.decided_by, export.recipient_user)
    names = ledger.actor_names(f"user:{person}" for person in people if person)
    person = {label: names.get(f"user:{pk}", "") for label, pk in zip(_PEOPLE, people, strict=True)}
    under_way = export.state in rules.UNDER_WAY
    history = selectors.history_of(export)
    return {
        "export": export,
        **person,
        "under_way": under_way,
        "work": (work := selectors.work_on(export)),
        "pace": rules.pace(
            done=export.records,
            total=export.total,
            started=work.taken_at if work else export.started_at,
            before=work.before if work else 0,
            now=clock.now(),
        ),
        **_choices(export, actor),
        "history": [
            (row, row.record.action.partition(".")[2], label_of(row.record.action))
            for row in history
        ],
        "downloads": [row for row in history if row.record.action == "export.downloaded"],
        "verifier_key": str(keys.verifier_key()),
        "form": DecisionForm(),
        **form,
    }


_PEOPLE = ("requested_by", "decided_by", "recipient_account")


def _choices(export: Export, actor: Actor) -> dict[str, bool]:
    """What this person can do with the export now."""
    waiting = export.state == ExportState.REQUESTED
    mine = actor.user_id in {export.requested_by, export.recipient_user}
    approver = C.EXPORTS_APPROVE in actor.capabilities
    party = actor.user_id in {export.requested_by, export.decided_by}
    can_end = str(ExportState.WITHDRAWN) in rules.EXPORTS.next_states(export.state)
    return {
        "may_decide": waiting and approver and not mine,
        "may_withdraw": party and can_end,
        "may_download": C.EXPORTS_DOWNLOAD in actor.capabilities,
    }


@require_POST
@staff_page(*SEE)
def export_decide(request: HttpRequest, export_id: UUID, verb: str) -> HttpResponse:
    """Approve, refuse or withdraw an export. A missing reason is shown beside its field."""
    form = DecisionForm(request.POST)
    form.is_valid()
    try:
        DECIDE[verb](
            export_id=export_id,
            reason=form.cleaned_data.get("reason", ""),
            actor=actor_of(request),
            now=clock.now(),
        )
    except InvalidInput as error:
        add_error(form, error)
        context = export_context(request, export_id, form=form, failed=verb)
        return render(request, "audit/export_detail.html", context, status=422)
    messages.success(request, _DONE[verb]())
    return redirect("export-detail", export_id=export_id)


_DONE: dict[str, Callable[[], str]] = {
    "approve": lambda: _("Approved. The bag is being made."),
    "refuse": lambda: _("Refused."),
    "withdraw": lambda: _("Withdrawn. Its files are deleted."),
}


@require_POST
@staff_page(C.EXPORTS_DOWNLOAD)
def export_download(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The bag as a ZIP file. Each download is recorded."""
    return cast(HttpResponse, send_export(export_id, actor_of(request)))


def send_export(export_id: UUID, actor: Actor) -> FileResponse:
    """The ZIP file of an export, after recording the download."""
    export = handout.download_export(export_id=export_id, actor=actor, now=clock.now())
    return FileResponse(
        files.archive_beside(export).open("rb"),
        as_attachment=True,
        filename=f"{files.name_of(export.pk)}.zip",
        content_type="application/zip",
    )
