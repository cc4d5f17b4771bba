"""Pages of the audit history and the ledger."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit import record_panels, services
from audit.browsing import labels
from audit.browsing.rules import SUBJECTS, TIMELINES
from audit.log.views import proof_context
from core import clock
from core.actor import Actor
from core.pages import staff_page
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


# --- records --------------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE)
def record_detail(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One record: what it says, and the proof that it is in the log."""
    detail = services.view_record(record_id=record_id, actor=actor_of(request), now=clock.now())
    subjects = [
        (name, getattr(detail.record, name), SUBJECT_ROUTES.get(name, ""))
        for name in SUBJECTS
        if getattr(detail.record, name)
    ]
    context = {
        "detail": detail,
        "record": detail.record,
        "words": labels.label_of(detail.record.action),
        "timelines": TIMELINES,
        "outcome": labels.outcome_of(detail.record.action).value,
        "content": readable(detail.record.content),
        "subjects": subjects,
        "leaf": detail.leaf.decode(),
        "panels": record_panels.rendered(request, detail.record),
        **proof_context(detail.proof),
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
