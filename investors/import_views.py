"""The import wizard: upload, columns, check, run, result."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.errors import InvalidInput
from core.forms import add_error
from core.pages import keyset_page, query_with, staff_page
from core.roles import Capability
from investors import rules, selectors
from investors.forms import MappingForm, UploadForm, initial_mapping
from investors.importing import columns, uploads
from investors.importing.errorfile import BOM, explained, stored_rows
from investors.models import ImportBatch
from investors.views import actor_of

_import = staff_page(Capability.INVESTORS_IMPORT)
State = ImportBatch.State
_SHOWN = 20  # rejected rows on the page; the file has them all


@require_http_methods(["GET", "HEAD", "POST"])
@_import
def import_new(request: HttpRequest) -> HttpResponse:
    """Upload a file; what was imported before stands below."""
    actor = actor_of(request)
    lines = selectors.lines_of(actor)
    form = UploadForm(request.POST or None, request.FILES or None, lines=lines)
    if request.method == "POST" and form.is_valid():
        try:
            batch_id = uploads.store_upload(
                upload=form.cleaned_data["file"],
                line_id=UUID(form.cleaned_data["line"]),
                actor=actor,
                now=clock.now(),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("import-detail", batch_id)
    page = keyset_page(selectors.imports_visible_to(actor), request.GET.get("cursor"))
    context = {
        "form": form,
        "page": page,
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
    }
    return render(request, "investors/import_new.html", context, status=_status(form))


@require_GET
@_import
def import_detail(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One import, wherever it stands."""
    return _detail(request, selectors.import_for(actor_of(request), batch_id))


def _detail(
    request: HttpRequest, batch: ImportBatch, form: MappingForm | None = None
) -> HttpResponse:
    context = _progress(batch)
    mapping = uploads.mapping_of(batch)
    if batch.state in (State.UPLOADED, State.CHECKED, State.FAILED):
        facts = uploads.show_sample(batch_id=batch.pk, actor=actor_of(request), now=clock.now())
        if facts is not None:
            context["facts"] = facts
            context["form"] = form or MappingForm(
                headers=facts.headers, initial=initial_mapping(mapping)
            )
            context["samples"] = [row[: len(facts.headers)] for row in facts.sample[:5]]
    chosen = mapping.get("columns", {})
    context["used"] = [
        (label, chosen[name]) for name, label in columns.FIELDS.items() if chosen.get(name)
    ]
    context["reasons"] = [
        (code, rules.general_reason(code), count)
        for code, count in sorted(batch.by_reason.items(), key=lambda item: -item[1])
    ]
    context["rejections"] = explained(batch, _SHOWN)
    status = _status(form) if form is not None else 200
    return render(request, "investors/import_detail.html", context, status=status)


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200


@require_GET
@_import
def import_progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The live part of a running import; it reloads the page when the import has ended."""
    batch = selectors.import_for(actor_of(request), batch_id)
    if batch.state not in (State.QUEUED, State.RUNNING):
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return render(request, "investors/parts/progress.html", _progress(batch))


def _progress(batch: ImportBatch) -> dict[str, Any]:
    """Rows so far, rate and time left."""
    read = int(batch.totals.get("read", 0))
    expected = max(batch.rows_expected, read)
    rate, left = 0.0, None
    interrupted = False
    if batch.state == State.RUNNING and batch.started_at is not None:
        seconds = max((clock.now() - batch.started_at) / dt.timedelta(seconds=1), 0.001)
        rate = read / seconds
        left = (expected - read) / rate if rate else None
        interrupted = not selectors.import_is_alive()
    return {
        "batch": batch,
        "read": read,
        "expected": expected,
        "rate": rate,
        "seconds_left": left,
        "interrupted": interrupted,
        "live": batch.state in (State.QUEUED, State.RUNNING),
        "totals": batch.totals,
    }


@require_POST
@_import
def import_check(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take the columns, and have a dry run made."""
    actor = actor_of(request)
    batch = selectors.import_for(actor, batch_id)
    facts = uploads.facts_of(batch)
    if facts is None:
        return redirect("import-detail", batch_id)
    form = MappingForm(request.POST, headers=facts.headers)
    if not form.is_valid():
        return _detail(request, batch, form)
    try:
        uploads.request_run(
            batch_id=batch_id, mapping=form.mapping(), dry_run=True, actor=actor, now=clock.now()
        )
    except InvalidInput as error:
        add_error(form, error)
        return _detail(request, batch, form)
    return redirect("import-detail", batch_id)


@require_POST
@_import
def import_run(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Have the import itself made, under the columns of the check."""
    uploads.request_run(batch_id=batch_id, dry_run=False, actor=actor_of(request), now=clock.now())
    return redirect("import-detail", batch_id)


@require_POST
@_import
def import_discard(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Throw the upload away."""
    uploads.discard_upload(batch_id=batch_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The file was removed; nothing of it was imported."))
    return redirect("import-new")


@require_GET
@_import
def import_errors(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The rejected rows as a CSV file that can be mended and imported again."""
    batch = uploads.record_error_download(
        batch_id=batch_id, actor=actor_of(request), now=clock.now()
    )
    rows = stored_rows(batch.pk, list(batch.mapping.get("headers", [])))
    response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="rejected-{batch.pk}.csv"'
    return response  # type: ignore[return-value]


class _Echo:
    """What csv.writer writes to, to give each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BOM
    for row in rows:
        yield writer.writerow(row)
