"""What the database knows of the customers in a chunk, and what a row would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from audit import sealing
from investors.importing.rows import ATTRIBUTES, CONSENT_FIELDS, Row
from investors.models import ConsentState, ContactPoint, Investor
from investors.rules import Standing, act_of_file
from investors.vault import Profile, contact_hash, open_profile

PLAIN_FIELDS = (
    "language",
    "time_zone",
    "risk_level",
    "preferred_channels",
    "opened_on",
    "cadence",
    "account_flags",
    *ATTRIBUTES,
)


_ERASED = b"vouchsafe erased"


class Known(NamedTuple):
    """An investor that has this customer number already."""

    investor_id: UUID
    line_id: UUID
    fingerprint: bytes


def known_investors(hashes: list[bytes]) -> dict[bytes, Known]:
    """Those of `hashes` that belong to an investor, erased ones too, in one query.

    Erasing somebody hashes the customer number's hash once more (migration `erasure`), so that
    nothing finds it but this. Their fingerprint is empty, and so never that of a row.
    """
    erased = {sha256(_ERASED + ref).digest(): ref for ref in hashes}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref_hash, id, business_line_id, fingerprint FROM investors_investor "
            "WHERE ref_hash = ANY(%s)",
            [[*hashes, *erased]],
        )
        found = {bytes(row[0]): Known(row[1], row[2], bytes(row[3])) for row in cursor.fetchall()}
    return {erased.get(ref, ref): known for ref, known in found.items()}


@dataclass(slots=True)
class Existing:
    """Everything of one investor that a row can change. `contacts` is kind → (id, hash) of the
    one in use; `usable` says which kinds are not suppressed."""

    investor: Investor
    key: bytes
    profile: Profile
    contacts: dict[str, tuple[UUID, bytes]] = field(default_factory=dict)
    usable: set[str] = field(default_factory=set)
    consents: dict[str, Standing] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What a row changes. `acts` is purpose → given, refused or withdrawn."""

    existing: Existing
    row: Row
    fingerprint: bytes
    fields: dict[str, Any]
    profile: bool
    contacts: dict[str, str]
    acts: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.fields or self.profile or self.contacts or self.acts)

    @property
    def names(self) -> list[str]:
        """The changed fields by name, for the ledger: no values."""
        return sorted([*self.fields, *(["profile"] if self.profile else []), *self.contacts])


def load(investor_ids: Iterable[UUID], *, lock: bool) -> dict[UUID, Existing]:
    """The present state of these investors in four queries; those whose key was destroyed are
    absent. With `lock`, their rows are locked for the rest of the transaction."""
    ids = list(investor_ids)
    keys = sealing.keys_of(ids)
    rows = Investor.objects.filter(pk__in=ids).order_by("pk")
    found: dict[UUID, Existing] = {}
    for investor in rows.select_for_update() if lock else rows:
        if key := keys.get(investor.pk):
            profile = open_profile(key, bytes(investor.profile))
            found[investor.pk] = Existing(investor, key, profile)
    in_use = ContactPoint.objects.filter(investor_id__in=ids, rank=0)
    for contact in in_use.only("id", "investor_id", "kind", "value_hash", "state"):
        if existing := found.get(contact.investor_id):
            existing.contacts[contact.kind] = (contact.pk, bytes(contact.value_hash))
            if contact.state != ContactPoint.State.SUPPRESSED:
                existing.usable.add(contact.kind)
    states = ConsentState.objects.filter(investor_id__in=ids)
    for investor_id, purpose, granted, method in states.values_list(
        "investor_id", "purpose", "granted", "entry__method"
    ):
        if existing := found.get(investor_id):
            existing.consents[purpose] = Standing(granted, method)
    return found


def compare(existing: Existing, row: Row, fingerprint: bytes, mapped: frozenset[str]) -> Changes:
    """What `row` changes; only fields that have a column count, and a blank contact says nothing:
    an empty cell never takes away the last way to reach somebody."""
    investor = existing.investor
    fields: dict[str, Any] = {}
    for name in PLAIN_FIELDS:
        if name in mapped and _plain(getattr(investor, name)) != getattr(row, name):
            fields[name] = getattr(row, name)
    if "quiet_hours" in mapped:
        hours = row.quiet_hours or (None, None)
        if (investor.quiet_from, investor.quiet_to) != hours:
            fields["quiet_from"], fields["quiet_to"] = hours
    contacts = {}
    for kind, value in (("phone", row.phone), ("email", row.email)):
        if value and existing.contacts.get(kind, (None, b""))[1] != contact_hash(kind, value):
            contacts[kind] = value
    acts = {}
    for name, purpose in CONSENT_FIELDS.items():
        if act := act_of_file(existing.consents.get(purpose), getattr(row, name)):
            acts[purpose] = act
    renamed = "name" in mapped and existing.profile.name != row.name
    return Changes(existing, row, fingerprint, fields, renamed, contacts, acts)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
