"""Reads of erasure requests: what this actor may see, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit import sealing
from audit.models import SubjectKey
from audit.retention.rules import Reason
from audit.retention.selectors import reasons_to_keep
from core.access import require_line
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.pages import require_any
from core.roles import Capability
from investors.erasure.models import ErasureRequest

HANDLE = (Capability.PRIVACY_ERASE, Capability.PRIVACY_APPROVE)  # either lets one see requests


@dataclass(frozen=True, slots=True)
class Erased:
    """When an investor's data key was destroyed, and who decided it; `by` is "" when it went
    with the retention schedule."""

    at: dt.datetime
    by: str
    request: ErasureRequest | None


def requests_visible_to(actor: Actor) -> QuerySet[ErasureRequest]:
    """Requests about investors of the actor's lines; raises Forbidden without the right."""
    require_any(actor, HANDLE)
    found = ErasureRequest.objects.select_related("investor", "investor__business_line")
    if Capability.LINES_ALL in actor.capabilities:
        return found
    return found.filter(investor__business_line_id__in=actor.lines)


def request_for(actor: Actor, request_id: UUID) -> ErasureRequest:
    """One request; NotFound when it is of another line."""
    require_any(actor, HANDLE)
    found = (
        ErasureRequest.objects.select_related("investor", "investor__business_line")
        .filter(pk=request_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such request."))
    require_line(actor, found.investor.business_line_id)
    return found


def standing_in_the_way(investor_id: UUID, now: dt.datetime) -> list[Reason]:
    """Why the investor may not be erased at `now`; holds first, then duties, the longest first."""
    return reasons_to_keep(investor=investor_id, now=now)


def kept_because(request: ErasureRequest) -> list[Reason]:
    """What stood in the way when a request was refused."""
    return [
        Reason(
            kept["type"],
            kept["rule"],
            kept["source"],
            dt.date.fromisoformat(kept["until"]) if kept["until"] else None,
        )
        for kept in request.kept_because
    ]


def in_words(reasons: Iterable[Reason]) -> list[str]:
    """Each reason as a sentence: which rule or matter, and until when."""
    return [
        _("%(source)s: “%(rule)s”, until it is released.")
        % {"source": reason.source, "rule": reason.rule}
        if reason.type == "hold"
        else _("%(rule)s (%(source)s): as long as the relationship goes on, and its period after.")
        % {"source": reason.source, "rule": reason.rule}
        if reason.until is None
        else _("%(rule)s (%(source)s): until the end of %(until)s.")
        % {"source": reason.source, "rule": reason.rule, "until": reason.until.isoformat()}
        for reason in reasons
    ]


def texts_of(request: ErasureRequest) -> tuple[str, str]:
    """(reason, answer) in the clear; both "" once the key is gone."""
    key = sealing.keys_of([request.investor_id]).get(request.investor_id)
    if key is None:
        return "", ""
    sealed = (
        (request.reason_sealed, "erasure.reason"),
        (request.answer_sealed, "erasure.answer"),
    )
    reason, answer = (
        sealing.unseal_text(key, bytes(text), context=context) if text else ""
        for text, context in sealed
    )
    return reason, answer


def erased(investor_id: UUID) -> Erased | None:
    """When and by whose decision an investor was erased; None for those who were not."""
    key = SubjectKey.objects.filter(subject=investor_id, wrapped=None).first()
    if key is None or key.destroyed_at is None:
        return None
    request = ErasureRequest.objects.filter(
        investor_id=investor_id, state=ErasureRequest.State.ERASED
    ).first()
    people = names([request.decided_by]) if request else {}
    return Erased(key.destroyed_at, people.get(request.decided_by, "") if request else "", request)


def open_request(investor_id: UUID) -> ErasureRequest | None:
    """The request about an investor that waits for a decision."""
    return ErasureRequest.objects.filter(
        investor_id=investor_id, state=ErasureRequest.State.REQUESTED
    ).first()


def names(ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Names of members of staff, in one query."""
    wanted = {item for item in ids if item is not None}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}
