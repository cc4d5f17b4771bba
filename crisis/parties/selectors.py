"""Reads of third parties."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.parties import rules
from crisis.parties.models import Party, Proof


@dataclass(frozen=True, slots=True)
class ProofShown:
    """A proof and whether it holds today."""

    proof: Proof
    standing: rules.Standing
    days_left: int


def parties(actor: Actor, *, kind: str = "") -> list[Party]:
    """The parties that the firm relies on, with the proofs in force; two queries."""
    require(actor, Capability.CRISIS_VIEW)
    found = Party.objects.filter(ended_at=None).select_related("stands_in")
    if kind:
        found = found.filter(kind=kind)
    proofs = Proof.objects.filter(replaced_at=None)
    return list(found.prefetch_related(Prefetch("proofs", queryset=proofs, to_attr="in_force")))


def party_for(actor: Actor, party_id: UUID) -> Party:
    """One party; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    party = Party.objects.select_related("stands_in").filter(pk=party_id).first()
    if party is None:
        raise NotFound(_("There is no such party."))
    return party


def proofs_of(party: Party, today: dt.date) -> list[ProofShown]:
    """All proofs of a party, those in force first."""
    rows = party.proofs.select_related("added_by").order_by("-replaced_at", "ends_on")
    return [shown(row, today) for row in rows]


def shown(proof: Proof, today: dt.date) -> ProofShown:
    """A proof as a page shows it."""
    left = (proof.ends_on - today).days
    return ProofShown(proof, rules.standing(proof.ends_on, today), left)


def ending(today: dt.date) -> list[Proof]:
    """What about parties is ending or has ended, worst first; one query."""
    last = today + dt.timedelta(days=rules.REMIND_BEFORE[0])
    found = Proof.objects.filter(replaced_at=None, party__ended_at=None, ends_on__lte=last)
    return list(found.select_related("party").order_by("ends_on"))
