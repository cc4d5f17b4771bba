"""Erasure in two steps by two people. The second one is final: the person's data key is
destroyed, and with it everything that was sealed under it, here and in every export to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from audit.retention.rules import Reason
from core import access
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.pages import require_any
from core.roles import Capability
from investors import selectors as people
from investors.erasure import rules, selectors
from investors.erasure.models import ErasureRequest
from investors.services import shared

State = ErasureRequest.State
MAX_REASON = 2000  # characters

# What applications above this one keep of an investor outside the data key (sessions, devices …):
# each function makes it go, in the transaction of the erasure. They register in `AppConfig.ready`.
FORGETTING: list[Callable[[UUID], None]] = []


def request_erasure(
    *, investor_id: UUID, ground: str, reason: str, actor: Actor, now: dt.datetime
) -> UUID:
    """Ask for an investor's data to be erased, on one of `rules.Ground`; returns the request.

    A request is taken also while a duty or hold stands in the way: the person is owed an answer.
    Raises InvalidInput, and Conflict when one is open or the investor is erased already. The
    record names the request, not the investor: it must not itself become a record that the
    retention schedule keeps the investor for.
    """
    access.require(actor, Capability.PRIVACY_ERASE)
    if actor.user_id is None:
        access.require_other_person(actor, ())
        raise AssertionError("unreachable")
    if ground not in set(rules.Ground):
        raise InvalidInput(_("Choose one of the grounds."), field="ground")
    reason = _text(reason)
    people.investor_for(actor, investor_id)
    with transaction.atomic():
        shared.locked(investor_id, actor)
        key = sealing.keys_of([investor_id]).get(investor_id)
        if key is None:
            raise Conflict(_("This investor was erased already."), code="erased")
        if selectors.open_request(investor_id) is not None:
            raise Conflict(_("A request about this investor waits already."), code="erasure_open")
        request = ErasureRequest.objects.create(
            investor_id=investor_id,
            ground=ground,
            reason_sealed=sealing.seal_text(key, reason, context="erasure.reason"),
            requested_by=actor.user_id,
            requested_at=now,
            answer_due=rules.answer_due(now),
        )
        _record("erasure.requested", request, actor, now, {"ground": ground})
    return request.pk


def approve_erasure(*, request_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Erase: by a second person with a fresh second factor. It cannot be taken back.

    Raises Conflict (code `must_be_kept`) while a retention duty or a legal hold is in force; its
    details say which and until when.
    """
    access.require(actor, Capability.PRIVACY_APPROVE)
    with transaction.atomic():
        request = _locked(request_id, actor)
        rules.ERASURES.check(old=request.state, new=State.ERASED)
        access.require_other_person(actor, [request.requested_by])
        access.require_step_up(actor, now)
        _refuse_if_kept(selectors.standing_in_the_way(request.investor_id, now))
        sealing.destroy_key(request.investor_id, now=now)  # a trigger clears investor and contacts
        for forget in FORGETTING:
            forget(request.investor_id)
        request.reason_sealed = None
        _decide(request, State.ERASED, actor, now)
        _record("erasure.approved", request, actor, now, {"ground": request.ground})
        record(
            action="investor.erased",
            actor=actor,
            now=now,
            subjects=Subjects(
                investor=request.investor_id,
                staff=actor.user_id,
                object=f"erasure:{request.pk}",
            ),
            payload={"ground": request.ground, "requested_by": str(request.requested_by)},
        )


def refuse_erasure(*, request_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Refuse a request: by a second person, with the reason that the person will be told. The
    duties and holds in force are kept with it."""
    access.require(actor, Capability.PRIVACY_APPROVE)
    with transaction.atomic():
        request = _locked(request_id, actor)
        rules.ERASURES.check(old=request.state, new=State.REFUSED, reason=reason)
        access.require_other_person(actor, [request.requested_by])
        reasons = selectors.standing_in_the_way(request.investor_id, now)
        request.kept_because = _plain(reasons)
        key = sealing.key_of(request.investor_id)
        request.answer_sealed = sealing.seal_text(key, _text(reason), context="erasure.answer")
        _decide(request, State.REFUSED, actor, now)
        _record("erasure.refused", request, actor, now, {"kept_because": _plain(reasons)})


def withdraw_erasure(*, request_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Take a request back before it is decided; by anybody with the right."""
    access.require(actor, Capability.PRIVACY_ERASE)
    with transaction.atomic():
        request = _locked(request_id, actor)
        rules.ERASURES.check(old=request.state, new=State.WITHDRAWN)
        if actor.user_id is None:
            access.require_other_person(actor, ())
        _decide(request, State.WITHDRAWN, actor, now)
        _record("erasure.withdrawn", request, actor, now, {})


def _locked(request_id: UUID, actor: Actor) -> ErasureRequest:
    """The investor's row first, as everywhere, then the request."""
    request = selectors.request_for(actor, request_id)
    shared.locked(request.investor_id, actor)
    return ErasureRequest.objects.select_for_update().get(pk=request_id)


def _decide(request: ErasureRequest, state: str, actor: Actor, now: dt.datetime) -> None:
    request.state, request.decided_by, request.decided_at = state, actor.user_id, now
    request.save()


def _refuse_if_kept(reasons: list[Reason]) -> None:
    if not reasons:
        return
    raise Conflict(
        _("The data must be kept: %(reasons)s")
        % {"reasons": " ".join(selectors.in_words(reasons))},
        code="must_be_kept",
        details={"kept_because": _plain(reasons)},
    )


def list_shown(*, count: int, actor: Actor, now: dt.datetime) -> None:
    """Note that the actor was shown a page of `count` requests (`erasure.listed`)."""
    require_any(actor, selectors.HANDLE)
    with transaction.atomic():
        record(
            action="erasure.listed",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id),
            payload={"requests": count},
        )


def view_request(*, request_id: UUID, actor: Actor, now: dt.datetime) -> ErasureRequest:
    """One request for a page or the API; that it was looked at is recorded (`erasure.viewed`).
    Raises NotFound when it is of another line."""
    request = selectors.request_for(actor, request_id)
    with transaction.atomic():
        _record("erasure.viewed", request, actor, now, {})
    return request


def _plain(reasons: list[Reason]) -> list[dict[str, str | None]]:
    return [
        {
            "type": reason.type,
            "rule": reason.rule,
            "source": reason.source,
            "until": reason.until.isoformat() if reason.until else None,
        }
        for reason in reasons
    ]


def _text(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput(
            _("The reason is longer than %(limit)s characters.") % {"limit": MAX_REASON},
            code="too_long",
            field="reason",
        )
    return reason


def _record(
    action: str, request: ErasureRequest, actor: Actor, now: dt.datetime, payload: dict[str, object]
) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(staff=actor.user_id, object=f"erasure:{request.pk}"),
        payload=payload,
    )
