"""Pages of the audit history, the ledger and the exports."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import keys, merkle, selectors, services
from audit.export import service as exporting
from audit.forms import ExportForm, RecordFilterForm
from audit.merkle import Tile, TileError
from audit.models import ExportState
from core import clock
from core.access import require_step_up
from core.actor import Actor
from core.errors import VouchsafeError
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability as C

SUBJECT_ROUTES = {
    "notice": "notice-detail",
    "delivery": "delivery-detail",
    "investor": "investor-detail",
    "template": "template-detail",
    "version": "version-detail",
    "incident": "incident-detail",
}
_YEAR = 365 * 24 * 3600


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def pages_of(request: HttpRequest, page: Any) -> dict[str, str]:
    """The addresses of the neighbouring pages, for `ui/pagination.html`."""
    cursors = {"previous_url": page.previous_cursor, "next_url": page.next_cursor}
    return {
        name: query_with(request.GET, cursor=cursor) if cursor else ""
        for name, cursor in cursors.items()
    }


# --- records --------------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE)
def audit_list(request: HttpRequest) -> HttpResponse:
    """The audit history. Looking at it is recorded."""
    form = RecordFilterForm(request.GET)
    context: dict[str, Any] = {"filter": form, "rows": [], "filtered": bool(query_of(request))}
    if form.is_valid():
        page = services.browse(
            filters=form.filters(),
            actor=actor_of(request),
            now=clock.now(),
            cursor=request.GET.get("cursor"),
        )
        context |= {"rows": selectors.listed(page), **pages_of(request, page)}
    return render(request, "audit/audit_list.html", context)


def query_of(request: HttpRequest) -> dict[str, str]:
    """The filters in the URL that hold something."""
    query = request.GET.dict()
    return {name: str(text) for name, text in query.items() if text and name != "cursor"}


@require_safe
@staff_page(C.AUDIT_BROWSE)
def record_detail(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One record: what it says, and the proof that it is in the log."""
    detail = services.view_record(record_id=record_id, actor=actor_of(request), now=clock.now())
    subjects = [
        (name, getattr(detail.record, name), SUBJECT_ROUTES.get(name, ""))
        for name in selectors.SUBJECTS
        if getattr(detail.record, name)
    ]
    context = {
        "detail": detail,
        "record": detail.record,
        "content": readable(detail.record.content),
        "subjects": subjects,
        "leaf": detail.leaf.decode(),
        "levels": [node.hex() for node in detail.proof.path] if detail.proof else [],
    }
    return render(request, "audit/record_detail.html", context)


def readable(content: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(name, text, whether it is a block of JSON) for each member of a payload."""
    return [
        (name, json.dumps(value, ensure_ascii=False, indent=2), True)
        if isinstance(value, (dict, list)) and value
        else (name, _plain(value), False)
        for name, value in content.items()
    ]


def _plain(value: object) -> str:
    if value is None or value in ({}, [], ""):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


@require_safe
@staff_page(C.AUDIT_BROWSE)
def record_proof(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The record's inclusion proof as a file (C2SP tlog-proof). Recorded."""
    proof = services.take_proof(record_id=record_id, actor=actor_of(request), now=clock.now())
    return as_file(proof.text, f"{record_id}.tlog-proof")


def as_file(text: str, name: str) -> HttpResponse:
    """Plain text that the browser saves."""
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# --- the ledger -----------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY)
def audit_ledger(request: HttpRequest) -> HttpResponse:
    """The log's head, its key, its verifications."""
    return render(request, "audit/ledger.html", ledger_context(request))


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY)
def audit_ledger_state(request: HttpRequest) -> HttpResponse:
    """The part of the ledger page that changes while a verification runs."""
    return render(request, "audit/parts/verification.html", ledger_context(request))


def ledger_context(request: HttpRequest) -> dict[str, Any]:
    """What the ledger page shows."""
    checkpoint = selectors.latest_checkpoint()
    return {
        "checkpoint": checkpoint,
        "waiting": selectors.waiting(),
        "verification": selectors.latest_verification(),
        "running": selectors.running_verification(now=clock.now()),
        "verifier_key": str(keys.verifier_key()),
        "may_verify": C.AUDIT_VERIFY in actor_of(request).capabilities,
    }


@require_POST
@staff_page(C.AUDIT_VERIFY)
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Verify the whole log now, in the background."""
    services.request_verification(actor=actor_of(request), now=clock.now())
    messages.success(request, _("The verification has started."))
    return redirect("audit-ledger")


# --- exports --------------------------------------------------------------------------------


@require_safe
@staff_page(C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE)
def export_list(request: HttpRequest) -> HttpResponse:
    """All exports."""
    page = keyset_page(selectors.exports(), request.GET.get("cursor"))
    names = selectors.actor_names(f"user:{export.requested_by}" for export in page)
    rows = [(export, names.get(f"user:{export.requested_by}", "–")) for export in page]
    may_create = C.EXPORTS_CREATE in actor_of(request).capabilities
    context = {"rows": rows, "may_create": may_create, **pages_of(request, page)}
    return render(request, "audit/export_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.EXPORTS_CREATE)
def export_new(request: HttpRequest) -> HttpResponse:
    """Ask for an export; needs a fresh second factor from the start, so that no work is lost."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    form = ExportForm(request.POST or None, initial={"notice": request.GET.get("notice", "")})
    if request.method == "POST" and form.is_valid():
        try:
            export = exporting.request_export(**form.request(), actor=actor, now=now)
        except VouchsafeError as error:
            if error.field is None:
                raise
            add_error(form, error)
        else:
            return redirect("export-detail", export_id=export.pk)
    status = 422 if form.errors else 200
    return render(request, "audit/export_new.html", {"form": form}, status=status)


@require_safe
@staff_page(C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE)
def export_detail(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One export: its scope, how far it is, its download."""
    return render(request, "audit/export_detail.html", export_context(request, export_id))


@require_safe
@staff_page(C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE)
def export_live(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The part of an export's page that changes while it is built."""
    return render(request, "audit/parts/export_state.html", export_context(request, export_id))


def export_context(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """What the page of an export shows."""
    export = selectors.export_by_id(export_id)
    person = f"user:{export.requested_by}"
    capabilities = actor_of(request).capabilities
    return {
        "export": export,
        "requested_by": selectors.actor_names([person]).get(person, "–"),
        "under_way": export.state in {ExportState.REQUESTED, ExportState.BUILDING},
        "may_download": C.EXPORTS_DOWNLOAD in capabilities,
        "downloads": selectors.downloads_of(export),
        "verifier_key": str(keys.verifier_key()),
    }


@require_POST
@staff_page(C.EXPORTS_DOWNLOAD)
def export_download(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The bag as a ZIP file. Each download is recorded."""
    return cast(HttpResponse, send_export(export_id, actor_of(request)))


def send_export(export_id: UUID, actor: Actor) -> FileResponse:
    """The ZIP file of an export, after recording the download."""
    export = services.download_export(export_id=export_id, actor=actor, now=clock.now())
    path = exporting.archive_of(export)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"vouchsafe-export-{export.pk}.zip",
        content_type="application/zip",
    )


# --- the log in public (C2SP tlog-tiles) ----------------------------------------------------


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint: open to everybody, never from a cache."""
    newest = selectors.latest_checkpoint()
    if newest is None:
        return HttpResponse(status=404)
    return HttpResponse(
        newest.note,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"},
    )


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile of hashes: open to everybody, good for ever. Entry bundles hold what the records
    say, so only those who may browse them get them."""
    try:
        wanted = Tile.parse(f"tile/{path}")
    except TileError:
        return HttpResponse(status=404)
    entries = wanted.level == merkle.ENTRIES_LEVEL
    actor: Actor | None = getattr(request, "actor", None)
    if entries and (actor is None or C.AUDIT_BROWSE not in actor.capabilities):
        return HttpResponse(status=404)
    newest = selectors.latest_checkpoint()
    data = selectors.tile_bytes(wanted) if newest and covered(wanted, newest.size) else None
    if data is None:
        return HttpResponse(status=404)
    caching = "private, no-store" if entries else f"public, max-age={_YEAR}, immutable"
    headers = {"Cache-Control": caching}
    if not entries:
        headers["Access-Control-Allow-Origin"] = "*"
    return HttpResponse(data, content_type="application/octet-stream", headers=headers)


def covered(wanted: Tile, size: int) -> bool:
    """Whether a signed tree of `size` leaves has that tile (or bundle): nothing unsigned is
    shown."""
    level = max(wanted.level, 0)
    end = wanted.number * merkle.TILE_WIDTH + wanted.width
    return end <= size >> merkle.TILE_HEIGHT * level
