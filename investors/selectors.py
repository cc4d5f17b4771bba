"""Reads about investors: what this actor may see, masked unless revealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.models import Record
from core.access import require, require_line
from core.actor import Actor
from core.errors import NotFound
from core.models import BusinessLine, User
from core.roles import Capability
from investors import rules, vault
from investors.candidates import (
    candidates_after,
    current_standing,
    open_contacts,
    open_profiles,
    stream_candidates,
    topic_is_mandatory,
)
from investors.models import (
    Channel,
    ConsentEntry,
    ConsentState,
    ContactPoint,
    ImportBatch,
    Investor,
    InvestorQuerySet,
    Preference,
    Topic,
)
from investors.rules import Audience, Candidate, Refused

__all__ = [
    "Audience",
    "Candidate",
    "candidates_after",
    "current_standing",
    "open_contacts",
    "open_profiles",
    "stream_candidates",
    "topic_is_mandatory",
]

MATRIX_CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.INBOX)  # what notices go out on
COUNTED = ("language", "risk_level", "business_line", "reach", "status")


class MaskedContact(NamedTuple):
    """A contact as a page shows it. `shared` is how many other investors have the same one:
    families do, and so do slips of the keyboard and staff who enter their own number."""

    id: UUID
    kind: str
    masked: str
    state: str
    suppressed_reason: str
    in_use: bool
    shared: int


class MaskedProfile(NamedTuple):
    """Customer number and name as a list shows them; "" once the investor was erased."""

    ref: str
    name: str


class Cell(NamedTuple):
    """One place of the preference matrix."""

    channel: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A topic with its channels; a mandatory one is locked and says why."""

    topic: Topic
    locked: bool
    why: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class PurposeStanding:
    """Where one purpose of consent stands, and every act that led there, newest first."""

    purpose: str
    label: str
    granted: bool
    contractual: bool
    history: tuple[ConsentEntry, ...]


def investors_visible_to(actor: Actor) -> InvestorQuerySet:
    """The investors of the actor's business lines; raises Forbidden without the right to view."""
    require(actor, Capability.INVESTORS_VIEW)
    everyone = Investor.objects.select_related("business_line")
    if Capability.LINES_ALL in actor.capabilities:
        return everyone
    return everyone.in_lines(actor.lines)


def investor_for(actor: Actor, investor_id: UUID) -> Investor:
    """One investor; NotFound also for those of other lines. An investor sees only themselves."""
    if actor.kind == "investor":
        if actor.id != str(investor_id):
            raise NotFound(_("There is no such investor."))
    else:
        require(actor, Capability.INVESTORS_VIEW)
    investor = Investor.objects.select_related("business_line").filter(pk=investor_id).first()
    if investor is None:
        raise NotFound(_("There is no such investor."))
    if actor.kind != "investor":
        require_line(actor, investor.business_line_id)
    return investor


def investor_of_contact(actor: Actor, contact_id: UUID) -> UUID:
    """The investor that a contact belongs to; NotFound when the actor may not see them."""
    found = ContactPoint.objects.filter(pk=contact_id).values_list("investor_id", flat=True).first()
    if found is None:
        raise NotFound(_("There is no such contact."))
    return investor_for(actor, found).pk


def lines_of(actor: Actor) -> list[BusinessLine]:
    """The business lines that the actor works in, by code."""
    lines = BusinessLine.objects.order_by("code")
    if Capability.LINES_ALL not in actor.capabilities:
        lines = lines.filter(pk__in=actor.lines)
    return list(lines)


def masked_profiles(ids: Iterable[UUID]) -> dict[UUID, MaskedProfile]:
    """Masked customer numbers and names of many investors, in two queries."""
    return {
        investor_id: MaskedProfile(rules.mask_ref(profile.ref), rules.mask_name(profile.name))
        for investor_id, profile in open_profiles(ids).items()
    }


def masked_in_use(ids: Iterable[UUID]) -> dict[tuple[UUID, str], str]:
    """The masked contacts in use of many investors by investor and kind, in two queries; those of
    erased investors are absent."""
    wanted = list(ids)
    keys = sealing.keys_of(wanted)
    contacts = ContactPoint.objects.filter(investor_id__in=wanted, rank=0)
    return {
        (investor_id, kind): rules.MASKS[kind](vault.open_contact(keys[investor_id], bytes(sealed)))
        for investor_id, kind, sealed in contacts.values_list("investor_id", "kind", "value_sealed")
        if investor_id in keys
    }


def masked_contacts(investor: Investor) -> list[MaskedContact]:
    """The investor's contacts, those in use first; empty once the investor was erased."""
    key = sealing.keys_of([investor.pk]).get(investor.pk)
    if key is None:
        return []
    contacts = list(investor.contacts.order_by("rank", "kind"))
    sharing = _sharing(contacts)
    return [
        MaskedContact(
            id=contact.pk,
            kind=contact.kind,
            masked=rules.MASKS[contact.kind](vault.open_contact(key, bytes(contact.value_sealed))),
            state=contact.state,
            suppressed_reason=contact.suppressed_reason or _reason_of(contact, key),
            in_use=contact.rank == 0,
            shared=sharing.get(bytes(contact.value_hash), 0),
        )
        for contact in contacts
    ]


def _reason_of(contact: ContactPoint, key: bytes) -> str:
    if contact.reason_sealed is None:
        return ""
    return sealing.unseal_text(key, bytes(contact.reason_sealed), context="reason")


def _sharing(contacts: list[ContactPoint]) -> dict[bytes, int]:
    """Hash → number of other investors with that contact in use."""
    hashes = [bytes(contact.value_hash) for contact in contacts]
    rows = (
        ContactPoint.objects.filter(value_hash__in=hashes, rank=0)
        .exclude(investor_id__in=[contact.investor_id for contact in contacts])
        .values_list("value_hash")
        .annotate(count=Count("pk"))
    )
    return {bytes(value): count for value, count in rows}


def find(actor: Actor, text: str) -> QuerySet[Investor]:
    """Investors whose customer number, phone or e-mail is exactly `text`, or whose id it is.

    Through blind indexes: there is no search by a part of a number. The caller records the
    search (`services.search_investors` does both).
    """
    visible = investors_visible_to(actor)
    text = text.strip()
    try:
        return visible.filter(pk=UUID(text))
    except ValueError:
        pass
    ids = set(visible.filter(ref_hash__in=_hashes("ref", text)).values_list("pk", flat=True))
    hashes = [*_hashes("phone", text), *_hashes("email", text)]
    ids |= set(
        ContactPoint.objects.filter(value_hash__in=hashes).values_list("investor_id", flat=True)
    )
    return visible.filter(pk__in=ids)


def _hashes(kind: str, text: str) -> list[bytes]:
    try:
        if kind == "ref":
            return [vault.ref_hash(rules.normal_ref(text))]
        return [vault.contact_hash(kind, rules.NORMAL_CONTACT[kind](text))] if text else []
    except Refused:
        return []


def count_by(queryset: QuerySet[Investor], name: str) -> dict[str, int]:
    """How many of `queryset` per value of one of COUNTED."""
    if name not in COUNTED:
        raise ValueError(f"investors are not counted by {name!r}")
    rows = queryset.order_by().values_list(name).annotate(count=Count("pk"))
    return {str(value): count for value, count in rows}


def preference_matrix(investor_id: UUID) -> list[MatrixRow]:
    """Every topic with every channel; a topic without a preference is wanted."""
    chosen = {
        (topic, channel): wanted
        for topic, channel, wanted in Preference.objects.filter(
            investor_id=investor_id
        ).values_list("topic_id", "channel", "wanted")
    }
    return [
        MatrixRow(
            topic=topic,
            locked=topic.mandatory,
            why=topic.why,
            cells=tuple(
                Cell(channel, topic.mandatory or chosen.get((topic.code, channel), True))
                for channel in MATRIX_CHANNELS
            ),
        )
        for topic in Topic.objects.all()
    ]


def consents(investor_id: UUID) -> list[PurposeStanding]:
    """Every purpose with its standing and history, in two queries."""
    states = ConsentState.objects.filter(investor_id=investor_id, granted=True)
    granted = set(states.values_list("purpose", flat=True))
    entries = list(
        ConsentEntry.objects.filter(investor_id=investor_id)
        .select_related("notice")
        .order_by("-id")[:500]
    )
    return [
        PurposeStanding(
            purpose=purpose,
            label=str(label),
            granted=purpose in granted,
            contractual=purpose in rules.CONTRACTUAL,
            history=tuple(entry for entry in entries if entry.purpose == purpose),
        )
        for purpose, label in rules.PURPOSES.items()
    ]


class TimelineEntry(NamedTuple):
    """One ledger record about an investor, in words."""

    pk: UUID
    at: dt.datetime
    action: str
    words: str
    by: str


def timeline(investor_id: UUID, *, limit: int = 50) -> list[TimelineEntry]:
    """The newest ledger records about an investor, in two queries."""
    rows = list(
        Record.objects.filter(investor=investor_id)
        .order_by("-id")
        .values_list("pk", "occurred_at", "action", "actor")[:limit]
    )
    people = {actor.removeprefix("user:") for *_rest, actor in rows if actor.startswith("user:")}
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=people)}
    return [
        TimelineEntry(pk, at, action, str(ACTIONS.get(action, action)), _who(actor, names))
        for pk, at, action, actor in rows
    ]


def _who(actor: str, names: dict[str, str]) -> str:
    kind, _colon, identity = actor.partition(":")
    if kind == "user":
        return names.get(identity, gettext("somebody who is gone"))
    return {
        "investor": gettext("the investor"),
        "key": gettext("an API key"),
        "system": gettext("the system"),
    }.get(kind, actor)


ACTIONS: dict[str, str | Promise] = {
    "investor.created": _("Entered by hand"),
    "investor.imported": _("Imported"),
    "investor.updated": _("Updated by an import"),
    "investor.erased": _("Erased"),
    "investor.viewed": _("Looked at"),
    "investor.searched": _("Found by a search"),
    "consent.given": _("Consent given"),
    "consent.withdrawn": _("Consent withdrawn"),
    "preference.set": _("Preference changed"),
    "contact.verified": _("Contact verified"),
    "contact.unverified": _("Contact may be used again"),
    "contact.suppressed": _("Contact suppressed"),
    "contact.revealed": _("Contact shown in full"),
}


def imports_visible_to(actor: Actor) -> QuerySet[ImportBatch]:
    """The imports into the actor's lines, and the actor's own uploads."""
    require(actor, Capability.INVESTORS_IMPORT)
    batches = ImportBatch.objects.select_related("business_line")
    if Capability.LINES_ALL in actor.capabilities:
        return batches
    return batches.filter(business_line_id__in=actor.lines) | batches.filter(
        business_line=None, created_by=actor.user_id
    )


def import_for(actor: Actor, batch_id: UUID) -> ImportBatch:
    """One import; NotFound when it is of another line."""
    batch = imports_visible_to(actor).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(_("There is no such import."))
    return batch


def import_is_alive() -> bool:
    """Whether some session holds the import lock: a running batch without it was interrupted."""
    from investors.importing.service import LOCK

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK],
        )
        return bool(cursor.fetchone()[0])
