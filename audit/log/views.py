"""The page of the ledger, what it proves in words, and the files that prove it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import alarms, keys, selectors, services
from audit.log import services as handing
from audit.log.drawing import chain_of_evidence, ladder, steps
from audit.log.forms import CloseAlarmForm
from audit.log.public import BYTES, TEXT
from audit.log.selectors import head, overdue
from audit.selectors import InclusionProof
from audit.timestamping import selectors as timestamping
from audit.witnessing import selectors as witnessing
from audit.witnessing.closing.selectors import standing_alarms
from audit.witnessing.closing.services import close_alarm
from audit.witnessing.policy import policy_text, witnesses
from core import clock
from core.access import require_step_up
from core.actor import Actor
from core.errors import NotFound
from core.pages import staff_page
from core.roles import Capability as C


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY, C.SETTINGS_MANAGE)
def audit_ledger(request: HttpRequest) -> HttpResponse:
    """The log's head, its key, its witnesses and time-stamps, its verifications."""
    return render(request, "audit/ledger.html", ledger_context(request))


def ledger_context(request: HttpRequest, posted: CloseAlarmForm | None = None) -> dict[str, Any]:
    """What the page of the ledger shows; `posted` is the form that could not be taken."""
    named = posted.data.get("witness") if posted else None
    pairs = [
        (each, posted if each.witness == named else CloseAlarmForm(auto_id=f"close_{n}_%s"))
        for n, each in enumerate(standing_alarms())
    ]
    may_close = not _actor(request).capabilities.isdisjoint({C.AUDIT_VERIFY, C.SETTINGS_MANAGE})
    return {
        "head": head(),
        "alarms": alarms.standing(),
        "witness_alarms": pairs,
        "may_close": may_close,
        **verification_context(request),
    }


@require_POST
@staff_page(C.AUDIT_VERIFY, C.SETTINGS_MANAGE)
def witness_alarm_close(request: HttpRequest) -> HttpResponse:
    """Close the alarm of a witness that is asked no more, with a reason."""
    actor, now = _actor(request), clock.now()
    require_step_up(actor, now)
    form = CloseAlarmForm(request.POST)
    if not form.is_valid():
        return render(request, "audit/ledger.html", ledger_context(request, form), status=422)
    close_alarm(**form.cleaned_data, actor=actor, now=now)
    messages.success(request, _("The alarm is closed; what it said stays in the ledger."))
    return redirect("audit-ledger")


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY)
def audit_ledger_state(request: HttpRequest) -> HttpResponse:
    """The part of the ledger page that changes while a verification runs."""
    return render(request, "audit/parts/verification.html", verification_context(request))


def verification_context(request: HttpRequest) -> dict[str, Any]:
    """What the panel about verification shows."""
    now = clock.now()
    verification = selectors.latest_verification()
    return {
        "verification": verification,
        "overdue": overdue(verification, now=now),
        "running": selectors.running_verification(now=now),
        "may_verify": C.AUDIT_VERIFY in _actor(request).capabilities,
    }


def proof_context(proof: InclusionProof | None) -> dict[str, Any]:
    """What a record's page draws of its proof."""
    if proof is None:
        return {}
    taken = steps(proof.index, proof.size, proof.leaf, proof.path)
    return {
        "steps": taken,
        "ladder": ladder([step.left for step in taken]),
        "cosigned": witnessing.cosignatures_at(proof.size),
        "stamp": timestamping.first_stamp_of(proof.index),
    }


@require_POST
@staff_page(C.AUDIT_VERIFY)
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Verify the whole log now, in the background."""
    services.request_verification(actor=_actor(request), now=clock.now())
    messages.success(request, _("The verification has started."))
    return redirect("audit-ledger")


@require_safe
def ledger_proven(request: HttpRequest) -> HttpResponse:
    """What is proven and what is not, in plain words: open to everybody, no figures in it."""
    context = {"drawing": chain_of_evidence(), "verifier_key": str(keys.verifier_key())}
    return render(request, "audit/proven.html", context)


@require_safe
def ledger_policy(request: HttpRequest) -> HttpResponse:
    """The keys to check this log by (C2SP tlog-policy): open to everybody."""
    return HttpResponse(
        policy_text(witnesses()), content_type=TEXT, headers={"Cache-Control": "no-cache"}
    )


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY)
def ledger_stamp(request: HttpRequest, timestamp_id: UUID) -> HttpResponse:
    """A time-stamp as the authority answered it (RFC 3161)."""
    row = timestamping.timestamp_by_id(timestamp_id)
    return _file(bytes(row.response), f"checkpoint-{row.size}.tsr", "application/timestamp-reply")


@require_safe
@staff_page(C.AUDIT_BROWSE, C.AUDIT_VERIFY)
def ledger_stamped(request: HttpRequest, timestamp_id: UUID) -> HttpResponse:
    """The bytes that a time-stamp is of: a checkpoint's text."""
    row = timestamping.timestamp_by_id(timestamp_id)
    for token in timestamping.tokens_for(row.size):
        return _file(token.data, f"checkpoint-{row.size}.txt", TEXT)
    raise NotFound(_("There is no such time-stamp."))


@require_safe
@staff_page(C.AUDIT_BROWSE)
def record_leaf(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """A record exactly as the log holds it. Recorded."""
    leaf = handing.take_leaf(record_id=record_id, actor=_actor(request), now=clock.now())
    return _file(leaf, f"{record_id}.json", "application/json")


def _file(data: bytes, name: str, content_type: str = BYTES) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
