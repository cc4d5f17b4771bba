"""API keys: made by whoever manages keys, ended by them or by the owner."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import access, crypto, journal
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import ApiKey
from core.roles import Capability, capabilities_of
from core.services.checks import locked_user, required_reason

KEY_LIFETIME = dt.timedelta(days=365)
KEY_HASH_PURPOSE = "api-key"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `token` is what its owner sends; it cannot be read again."""

    key: ApiKey
    token: str = field(repr=False)


@transaction.atomic
def create_api_key(
    *,
    name: str,
    owner_id: UUID,
    scopes: Iterable[Capability],
    expires_at: dt.datetime | None = None,
    actor: Actor,
    now: dt.datetime,
) -> NewKey:
    """Make a key that acts for `owner_id` within `scopes`, for at most a year.

    Scopes are capabilities that the owner holds; at use they shrink with the owner's. Raises
    InvalidInput naming foreign scopes, or an expiry in the past or beyond a year.
    """
    if not actor.is_system:
        access.require(actor, Capability.KEYS_MANAGE)
        access.require_step_up(actor, now)
    owner = locked_user(owner_id)
    wanted = frozenset(scopes)
    foreign = sorted(scope.value for scope in wanted - capabilities_of(owner.roles))
    if foreign or not wanted:
        raise InvalidInput(
            _("Choose scopes among the owner's own capabilities."),
            field="scopes",
            details={"foreign": foreign},
        )
    expires_at = expires_at or now + KEY_LIFETIME
    if not now < expires_at <= now + KEY_LIFETIME:
        raise InvalidInput(_("A key expires in the future, within a year."), field="expires_at")
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        secret_hash=crypto.blind_index(KEY_HASH_PURPOSE, secret),
        owner=owner,
        scopes=sorted(scope.value for scope in wanted),
        created_at=now,
        expires_at=expires_at,
    )
    _record_key("api_key.created", key, actor, now, {"scopes": key.scopes})
    return NewKey(key=key, token=f"vs_{prefix}_{secret}")


@transaction.atomic
def revoke_api_key(*, key_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> ApiKey:
    """End a key at once. Its owner may, and whoever manages keys. A reason is mandatory."""
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    may_know = actor.is_system or Capability.KEYS_MANAGE in actor.capabilities
    if key is None or not (may_know or actor.user_id == key.owner_id):
        raise NotFound(_("There is no such key."))
    reason = required_reason(reason)
    if key.revoked_at is not None:
        raise Conflict(_("The key is revoked already."), code="unchanged")
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    _record_key("api_key.revoked", key, actor, now, {"reason": reason})
    return key


def _record_key(
    action: str, key: ApiKey, actor: Actor, now: dt.datetime, payload: dict[str, object]
) -> None:
    journal.write(
        action=action,
        actor=actor,
        now=now,
        staff=key.owner_id,
        object=f"api-key:{key.pk}",
        payload=payload,
    )
