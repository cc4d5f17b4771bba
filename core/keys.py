"""API keys in use: finding the key behind a token, and the Actor that it makes."""

from __future__ import annotations

import datetime as dt
import hmac

from django.db.models import Q

from core import crypto
from core.actor import Actor
from core.models import ApiKey
from core.roles import Capability, capabilities_of
from core.selectors import lines_of
from core.services import KEY_HASH_PURPOSE
from core.throttle import Limit

# Guessing a key is hopeless; this keeps the attempt from costing us anything.
PER_ADDRESS = Limit("api-key.address", 100, dt.timedelta(minutes=15))

_SEEN_EVERY = dt.timedelta(minutes=1)


def find(token: str, *, address: str, now: dt.datetime) -> ApiKey | None:
    """The valid key behind `token`, or None. Raises RateLimited after many wrong ones from
    `address`. Notes the use, to the minute."""
    PER_ADDRESS.check(address, now=now)
    mark, _one, rest = token.partition("_")
    prefix, _two, secret = rest.partition("_")
    key = None
    if mark == "vs" and prefix.isascii() and prefix.isalnum():
        key = (
            ApiKey.objects.select_related("owner")
            .prefetch_related("owner__groups")
            .filter(prefix=prefix)
            .first()
        )
    expected = bytes(key.secret_hash) if key else b""
    given = crypto.blind_index(KEY_HASH_PURPOSE, secret)
    if key is None or not hmac.compare_digest(expected, given) or not _is_valid(key, now):
        PER_ADDRESS.hit(address, now=now)
        return None
    ApiKey.objects.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _SEEN_EVERY), pk=key.pk
    ).update(last_used_at=now)
    return key


def actor_for_key(key: ApiKey, *, ip: str | None = None) -> Actor:
    """The key as an Actor: its scopes as far as the owner holds them now, the owner's lines,
    and the owner's identity, so that four-eyes rules see through keys."""
    scopes = {capability for capability in Capability if capability.value in key.scopes}
    return Actor(
        kind="key",
        id=str(key.pk),
        label=f"{key.owner} · {key.name}",
        user_id=key.owner_id,
        capabilities=capabilities_of(key.owner.roles) & scopes,
        lines=lines_of(key.owner),
        ip=ip,
    )


def _is_valid(key: ApiKey, now: dt.datetime) -> bool:
    expired = key.expires_at is not None and key.expires_at <= now
    return key.revoked_at is None and not expired and key.owner.is_active
