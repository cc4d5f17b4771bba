"""Investors and their messages, masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from comms.models import Delivery
from comms.recreating.selectors import recreate
from core.actor import Actor
from core.errors import InvalidInput
from core.roles import Capability
from investors import selectors as investors
from investors import vault
from investors.rules.contacts import MASKS, mask_name, mask_ref, normal_ref
from investors.rules.refusals import Refused
from templates_mgmt.rendering import Rendered


@dataclass(frozen=True, slots=True)
class Person:
    """An investor as a list shows them: masked, or by pseudonym to those who may see no more."""

    id: UUID
    ref: str = ""
    name: str = ""
    linked: bool = False
    erased: bool = False


def people(investor_ids: Iterable[UUID], actor: Actor) -> dict[UUID, Person]:
    """Masked customer numbers and names, two queries for any number of investors. An actor who
    may not see investors gets the pseudonyms alone."""
    ids = list(dict.fromkeys(investor_ids))
    if Capability.INVESTORS_VIEW not in actor.capabilities:
        return {investor_id: Person(investor_id) for investor_id in ids}
    profiles = investors.masked_profiles(ids)
    return {
        investor_id: Person(investor_id, *profiles[investor_id], linked=True)
        if investor_id in profiles
        else Person(investor_id, linked=True, erased=True)
        for investor_id in ids
    }


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What a delivery said and to which address, both masked. `proven`: the unmasked bytes match
    the commitment written when they were handed over."""

    message: Rendered
    to: str
    proven: bool


def masked_message(delivery: Delivery) -> SentMessage | None:
    """The message of a delivery with its personal values and its address masked (I11); None
    when it was never rendered, or the investor's data were erased."""
    made = recreate(delivery)
    if made is None:
        return None
    personal = made.wording.personal
    masked = {name: _MASKS[personal[name]](value) for name, value in made.own.items()}
    kind = {"sms": "phone", "email": "email"}.get(delivery.channel)
    return SentMessage(
        message=made.wording.render(delivery.channel, delivery.language, masked),
        to=MASKS[kind](made.message.to) if kind else "",
        proven=made.proven,
    )


_MASKS = {"name": mask_name, "ref": mask_ref}


def ids_of_refs(refs: Iterable[str], actor: Actor) -> list[UUID]:
    """The investors behind customer numbers, in the actor's business lines; one query.

    Raises InvalidInput that names the numbers which nobody there has: a list with a slip in it
    is not sent to the rest.
    """
    hashes: dict[bytes, str] = {}
    unknown = []
    for ref in refs:
        try:
            hashes[vault.ref_hash(normal_ref(ref))] = ref
        except Refused:
            unknown.append(ref)
    visible = investors.investors_visible_to(actor).filter(ref_hash__in=list(hashes))
    ids = []
    for investor_id, ref_hash in visible.order_by("pk").values_list("pk", "ref_hash"):
        ids.append(investor_id)
        hashes.pop(bytes(ref_hash), None)
    unknown += hashes.values()
    if unknown:
        shown = ", ".join(unknown[:20]) + ("…" if len(unknown) > 20 else "")
        raise InvalidInput(
            _("Nobody in your business lines has these customer numbers: %(refs)s")
            % {"refs": shown},
            code="unknown_refs",
            field="audience.ids",
        )
    return ids
