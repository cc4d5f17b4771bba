"""What is personal of an investor: how it is sealed, opened and found again.

Customer number and name (`profile`) and contacts are sealed under the investor's own data key;
equality search goes through blind indexes, never through the plain text.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from audit import sealing
from core import crypto
from investors.rules import index_text

if TYPE_CHECKING:
    from investors.models import ContactPoint

PROFILE = b"profile"  # contexts of sealing
CONTACT = b"contact"


class Profile(NamedTuple):
    """Who the investor is: the firm's customer number and the name."""

    ref: str
    name: str


def ref_hash(ref: str) -> bytes:
    """The blind index of a customer number in normal form (`rules.normal_ref`)."""
    return crypto.blind_index("investor:ref", ref)


def contact_hash(kind: str, normal: str) -> bytes:
    """The blind index of a contact in normal form; `kind` is "phone" or "email". E-mail
    addresses match whatever their case."""
    return crypto.blind_index(f"contact:{kind}", index_text(kind, normal))


def seal_profile(key: bytes, profile: Profile) -> bytes:
    """The profile under the investor's key."""
    return crypto.seal(key, profile_text(profile), context=PROFILE)


def profile_text(profile: Profile) -> bytes:
    """The profile as JSON."""
    ref, name = encode_basestring(profile.ref), encode_basestring(profile.name)
    return f'{{"ref":{ref},"name":{name}}}'.encode()


def open_profile(key: bytes, sealed: bytes) -> Profile:
    """The inverse of `seal_profile`; raises core.crypto.SealBroken."""
    return Profile(**json.loads(sealing.unseal_text(key, sealed, context="profile")))


def seal_contact(key: bytes, value: str) -> bytes:
    """A phone number or an e-mail address under the investor's key."""
    return sealing.seal_text(key, value, context="contact")


def open_contact(key: bytes, sealed: bytes) -> str:
    """The inverse of `seal_contact`; raises core.crypto.SealBroken."""
    return sealing.unseal_text(key, sealed, context="contact")


def fingerprints() -> Callable[[str], bytes]:
    """A function that takes the keyed hash of an imported row: BLAKE2b, under a key drawn from
    the index key, because it is taken of every row of every file."""
    key = crypto.blind_index("investor:row", "key of fingerprints")

    def fingerprint(content: str) -> bytes:
        return blake2b(content.encode(), key=key, digest_size=16).digest()

    return fingerprint


def put_in_use(
    *, investor_id: UUID, key: bytes, kind: str, value: str, now: dt.datetime
) -> ContactPoint:
    """Make `value` (in normal form) the investor's contact of `kind`, and return it.

    The one it replaces keeps its row under a higher rank; a value that was in use before comes
    back with its state, suppressed if it was. Runs in the caller's transaction.
    """
    from investors.models import ContactPoint  # the import's helper process has no models

    hashed = contact_hash(kind, value)
    contacts = list(
        ContactPoint.objects.select_for_update()
        .filter(investor_id=investor_id, kind=kind)
        .order_by("rank")
    )
    known = next((contact for contact in contacts if bytes(contact.value_hash) == hashed), None)
    if known is not None and known.rank == 0:
        return known
    if contacts and contacts[0].rank == 0:
        contacts[0].rank = contacts[-1].rank + 1
        contacts[0].save(update_fields=["rank"])
    if known is not None:
        known.rank = 0
        known.save(update_fields=["rank"])
        return known
    return ContactPoint.objects.create(
        investor_id=investor_id,
        kind=kind,
        rank=0,
        value_sealed=seal_contact(key, value),
        value_hash=hashed,
        created_at=now,
    )
