"""Legal holds: placed by one person, released only by a second one."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.models import Record
from audit.retention.models import HoldScope, LegalHold
from audit.retention.services.checks import note, person, required
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from core.roles import Capability


def place_hold(
    *,
    scope: HoldScope,
    matter: str,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    subject: UUID | None = None,
    period: tuple[dt.datetime, dt.datetime] | None = None,
) -> LegalHold:
    """Freeze everything about `subject` (an investor, a notice, a member of staff) or of
    `period` [from, to) at once; needs HOLDS_PLACE, recorded (`hold.placed`).

    Raises InvalidInput for a subject that the ledger does not know or a period that ends before
    it begins.
    """
    require(actor, Capability.HOLDS_PLACE)
    who = person(actor)
    matter, reason = required(matter, "matter"), required(reason, "reason")
    hold = LegalHold(scope=scope, matter=matter, reason=reason, placed_by=who, placed_at=now)
    if scope == HoldScope.PERIOD:
        hold.period_from, hold.period_to = _whole(period)
    else:
        setattr(hold, scope.value, _known(scope, subject))
    with transaction.atomic():
        hold.save(force_insert=True)
        note(
            "hold.placed",
            f"hold:{hold.pk}",
            actor=actor,
            now=now,
            subjects=_subjects(hold),
            payload={"scope": scope.value},
            text=f"{matter}\n{reason}",
        )
    return hold


def release_hold(*, hold_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> LegalHold:
    """End a hold; needs HOLDS_PLACE, a step-up, and another person than who placed it. Recorded
    (`hold.released`)."""
    require(actor, Capability.HOLDS_PLACE)
    require_step_up(actor, now)
    reason = required(reason, "reason")
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
        if hold is None:
            raise NotFound(_("There is no such hold."))
        require_other_person(actor, [hold.placed_by])
        if hold.released_at is not None:
            raise Conflict(_("This hold was released already."), code="already_released")
        hold.released_by, hold.released_at, hold.release_reason = person(actor), now, reason
        hold.save(update_fields=["released_by", "released_at", "release_reason"])
        note(
            "hold.released",
            f"hold:{hold.pk}",
            actor=actor,
            now=now,
            subjects=_subjects(hold),
            payload={"scope": hold.scope},
            text=reason,
        )
    return hold


def _subjects(hold: LegalHold) -> Subjects:
    return Subjects(investor=hold.investor, notice=hold.notice, staff=hold.staff)


def _whole(period: tuple[dt.datetime, dt.datetime] | None) -> tuple[dt.datetime, dt.datetime]:
    if period is None:
        raise InvalidInput(_("A period needs both of its ends."), field="period_from")
    if period[1] <= period[0]:
        raise InvalidInput(_("The period ends before it begins."), field="period_to")
    return period


def _known(scope: HoldScope, subject: UUID | None) -> UUID:
    if subject is None:
        raise InvalidInput(_("This field is required."), field="subject")
    known = (
        User.objects.filter(pk=subject).exists()
        if scope == HoldScope.STAFF
        else Record.objects.filter(**{scope.value: subject}).exists()
    )
    if not known:
        raise InvalidInput(_("The ledger knows nothing of this id."), field="subject")
    return subject
