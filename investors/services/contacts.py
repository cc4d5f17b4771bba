"""Contacts: their state, suppression and reveal."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core import access
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability
from investors import selectors
from investors.models import ContactPoint
from investors.services import shared


def set_contact_state(
    *, contact_id: UUID, state: str, actor: Actor, now: dt.datetime, reason: str = ""
) -> None:
    """Mark a contact as unverified, verified or suppressed (which needs a reason)."""
    if state not in ContactPoint.State.values:
        raise InvalidInput(_("There is no such state."), field="state")
    if state == ContactPoint.State.SUPPRESSED and not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    if not actor.is_system:
        access.require(actor, Capability.INVESTORS_EDIT)
    with transaction.atomic():
        contact = _locked_contact(contact_id, actor)
        if contact.state == state:
            return
        if state != ContactPoint.State.SUPPRESSED:
            shared.require_alive(contact.investor_id)
        old = contact.state
        contact.state = state
        sealed = shared.sealed_reason(contact.investor_id, reason)
        suppressed = state == ContactPoint.State.SUPPRESSED
        contact.suppressed_reason = reason[:200] if suppressed and actor.is_system else ""
        contact.reason_sealed = sealed if suppressed and not actor.is_system else None
        if state == ContactPoint.State.VERIFIED:
            contact.verified_at = now
        contact.save(update_fields=["state", "suppressed_reason", "reason_sealed", "verified_at"])
        shared.refresh_reach(contact.investor_id)
        record(
            action=f"contact.{state}",
            actor=actor,
            now=now,
            subjects=Subjects(investor=contact.investor_id, object=f"contact:{contact.pk}"),
            payload={"from": old, "kind": contact.kind},
            sealed=sealed,
        )


def suppress_contact(*, contact_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Send nothing more to this contact (I9): hard bounce, complaint, or by hand. Repeating it
    is harmless."""
    set_contact_state(
        contact_id=contact_id,
        state=ContactPoint.State.SUPPRESSED,
        reason=reason,
        actor=actor,
        now=now,
    )


def reveal_contact(*, contact_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> str:
    """The plain contact, for a person with the right, a reason and a fresh second factor (I11).
    The reason is sealed in the record: people write personal things there."""
    access.require(actor, Capability.INVESTORS_REVEAL)
    access.require_step_up(actor, now)
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    with transaction.atomic():
        contact = _locked_contact(contact_id, actor)
        value = selectors.open_contacts([contact_id]).get(contact_id)
        if value is None:
            raise Conflict(_("This contact was erased."), code="erased")
        record(
            action="contact.revealed",
            actor=actor,
            now=now,
            subjects=Subjects(
                investor=contact.investor_id,
                staff=actor.user_id,
                object=f"contact:{contact.pk}",
            ),
            payload={"kind": contact.kind},
            sealed=shared.sealed_reason(contact.investor_id, reason),
        )
    return value


def _locked_contact(contact_id: UUID, actor: Actor) -> ContactPoint:
    investor_id = (
        ContactPoint.objects.filter(pk=contact_id).values_list("investor_id", flat=True).first()
    )
    if investor_id is None:
        raise NotFound(_("There is no such contact."))
    shared.locked(investor_id, actor)
    return ContactPoint.objects.select_for_update().get(pk=contact_id)
