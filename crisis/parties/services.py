"""Writes on third parties. Who runs crises keeps them; all who may see crises may call."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core.access import require
from core.actor import Actor, system
from core.clock import uuid7
from core.errors import Conflict, InvalidInput, NotFound
from core.reviewed.steps import require_person
from core.roles import Capability
from crisis.parties import rules
from crisis.parties.models import Party, PartyContact, Proof

RUN, VIEW = Capability.CRISIS_RUN, Capability.CRISIS_VIEW
CONTEXT = "party.contact"


@transaction.atomic
def save_party(
    *,
    name: str,
    kind: str,
    does: str = "",
    systems: Iterable[str] = (),
    stands_in: UUID | None = None,
    party_id: UUID | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Party:
    """Add a party, or change the one with `party_id`.

    Raises InvalidInput `name`, `kind` or `stands_in`; NotFound; Conflict for a party that ended.
    """
    require(actor, RUN)
    party = _locked(party_id) if party_id else Party()
    party.name = _text(name, "name", 120)
    if kind not in set(rules.Kind):
        raise InvalidInput(_("There is no such kind."), field="kind")
    if Party.objects.filter(name=party.name).exclude(pk=party.pk).exists():
        raise InvalidInput(_("There is a party of that name."), code="taken", field="name")
    party.kind, party.does = kind, " ".join(does.split())[:300]
    party.systems = sorted({" ".join(one.split())[:100] for one in systems if one.strip()})
    party.stands_in_id = _other(stands_in, party)
    party.save()
    payload = {
        "name": party.name, "kind": kind, "does": party.does, "systems": party.systems,
        "stands_in": str(stands_in) if stands_in else None,
    }  # fmt: skip
    _note("changed" if party_id else "added", party, actor, now, payload)
    return party


@transaction.atomic
def end_party(*, party_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Party:
    """Say that the firm does not rely on this party any more. Its rows stay."""
    require(actor, RUN)
    party = _locked(party_id)
    party.ended_at = now
    party.save(update_fields=["ended_at"])
    _note("ended", party, actor, now, {"reason": _text(reason, "reason", 1000)})
    return party


@transaction.atomic
def add_contact(
    *,
    party_id: UUID,
    duty: str,
    name: str,
    phone: str = "",
    email: str = "",
    actor: Actor,
    now: dt.datetime,
) -> PartyContact:
    """Add whom to call, last in the order. Name, phone and address are sealed.

    Raises InvalidInput `duty`, `name`, or `phone` when there is neither phone nor address.
    """
    require(actor, RUN)
    party = _locked(party_id)
    words = {"name": _text(name, "name", 120), "phone": phone.strip(), "email": email.strip()}
    if not words["phone"] and not words["email"]:
        raise InvalidInput(_("Give a phone number or an address."), field="phone")
    contact = PartyContact(id=uuid7(), party=party, duty=_text(duty, "duty", 120), added_at=now)
    contact.rank = (party.contacts.aggregate(top=Max("rank"))["top"] or 0) + 1
    key = sealing.create_keys([contact.pk], now=now)[contact.pk]
    text = json.dumps(words, ensure_ascii=False)
    contact.sealed = sealing.seal_text(key, text, context=CONTEXT)
    contact.save(force_insert=True)
    _note("contact_added", party, actor, now, {"contact": str(contact.pk), "duty": contact.duty})
    return contact


@transaction.atomic
def end_contact(*, contact_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> PartyContact:
    """Take somebody off the list and forget who it was: the data key is destroyed."""
    require(actor, RUN)
    contact = PartyContact.objects.select_for_update().filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    if contact.ended_at:
        raise Conflict(_("This contact was taken off the list before."), code="ended")
    contact.ended_at = now
    contact.save(update_fields=["ended_at"])
    sealing.destroy_key(contact.pk, now=now)
    payload = {"contact": str(contact.pk), "reason": _text(reason, "reason", 1000)}
    _note("contact_ended", contact.party, actor, now, payload)
    return contact


@transaction.atomic
def show_contacts(*, party_id: UUID, actor: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """Whom to call, in order, in plain words; recorded, because it reveals people."""
    require(actor, VIEW)
    party = Party.objects.filter(pk=party_id).first()
    if party is None:
        raise NotFound(_("There is no such party."))
    shown = opened(party.contacts.filter(ended_at=None))
    _note("contacts_shown", party, actor, now, {"contacts": len(shown)})
    return shown


def opened(contacts: Iterable[PartyContact]) -> list[dict[str, Any]]:
    """Contacts in plain words, without those whose key is gone. The caller records the reveal."""
    rows = list(contacts)
    keys = sealing.keys_of([row.pk for row in rows])
    return [
        {"id": row.pk, "party": row.party_id, "duty": row.duty, "rank": row.rank}
        | json.loads(sealing.unseal_text(keys[row.pk], bytes(row.sealed), context=CONTEXT))
        for row in rows
        if row.pk in keys
    ]


@transaction.atomic
def add_proof(
    *,
    party_id: UUID,
    kind: str,
    title: str,
    held_on: dt.date,
    ends_on: dt.date,
    reference: str = "",
    outcome: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Proof:
    """Note a certificate, contract, test or audit; an earlier one of that kind and title is
    replaced. Raises InvalidInput `kind`, `title`, or `ends_on` before `held_on`."""
    require(actor, RUN)
    party = _locked(party_id)
    if kind not in set(rules.ProofKind):
        raise InvalidInput(_("There is no such kind."), field="kind")
    if ends_on < held_on:
        raise InvalidInput(_("It cannot end before it began."), field="ends_on")
    title = _text(title, "title", 160)
    party.proofs.filter(kind=kind, title=title, replaced_at=None).update(replaced_at=now)
    proof = Proof.objects.create(
        party=party, kind=kind, title=title, held_on=held_on, ends_on=ends_on,
        reference=reference.strip()[:300], outcome=outcome.strip()[:300],
        added_by_id=require_person(actor, RUN), added_at=now,
    )  # fmt: skip
    payload = {
        "proof": str(proof.pk), "kind": kind, "title": title, "held_on": held_on.isoformat(),
        "ends_on": ends_on.isoformat(), "reference": proof.reference, "outcome": proof.outcome,
    }  # fmt: skip
    _note("proof_added", party, actor, now, payload)
    return proof


def remind_due(*, now: dt.datetime, today: dt.date) -> int:
    """Record, once per step, that something about a party is ending or has ended; how many."""
    made = 0
    with transaction.atomic():
        open_proofs = Proof.objects.filter(replaced_at=None, party__ended_at=None)
        last = today + dt.timedelta(days=rules.REMIND_BEFORE[0])
        for proof in open_proofs.filter(ends_on__lte=last).select_for_update(of=("self",)):
            step = rules.reminder_due(proof.ends_on, today)
            if step is None or (proof.reminded is not None and proof.reminded <= step):
                continue
            proof.reminded = step
            proof.save(update_fields=["reminded"])
            payload = {"proof": str(proof.pk), "title": proof.title, "days": step,
                       "ends_on": proof.ends_on.isoformat()}  # fmt: skip
            _note("reminded", proof.party, system("crisis"), now, payload)
            made += 1
    return made


def _locked(party_id: UUID) -> Party:
    party = Party.objects.select_for_update().filter(pk=party_id).first()
    if party is None:
        raise NotFound(_("There is no such party."))
    if party.ended_at:
        raise Conflict(_("The firm does not rely on this party any more."), code="ended")
    return party


def _other(party_id: UUID | None, party: Party) -> UUID | None:
    if party_id is None:
        return None
    if party_id == party.pk or not Party.objects.filter(pk=party_id, ended_at=None).exists():
        raise InvalidInput(_("Choose another party that we rely on."), field="stands_in")
    return party_id


def _text(raw: str, field: str, limit: int) -> str:
    text = " ".join(raw.split())
    if not text:
        raise InvalidInput(_("This field is required."), code="required", field=field)
    if len(text) > limit:
        raise InvalidInput(
            _("At most %(limit)s characters.") % {"limit": limit}, code="too_long", field=field
        )
    return text


def _note(verb: str, party: Party, actor: Actor, now: dt.datetime, payload: dict[str, Any]) -> None:
    record(
        action=f"party.{verb}", actor=actor, now=now,
        subjects=Subjects(object=f"party:{party.pk}"), payload=payload,
    )  # fmt: skip
