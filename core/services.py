"""Changes to people, business lines and keys. Each is one transaction with a ledger record."""

from __future__ import annotations

import datetime as dt
import secrets
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from guardian.shortcuts import assign_perm, remove_perm

from core import access, crypto, journal
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import ApiKey, BusinessLine, User
from core.roles import Capability, Role, capabilities_of
from core.selectors import actor_for_user, lines_of

KEY_LIFETIME = dt.timedelta(days=365)
KEY_HASH_PURPOSE = "api-key"
LINE_PERMISSION = "core.work_in_line"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `token` is what its owner sends; it cannot be read again."""

    key: ApiKey
    token: str = field(repr=False)


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str,
    display_name: str = "",
    email: str = "",
    roles: Iterable[Role] = (),
    lines: Iterable[UUID] = (),
    language: str = "zh-hans",
    time_zone: str = "Asia/Shanghai",
    actor: Actor,
    now: dt.datetime,
) -> User:
    """Make a member of staff with `roles` and business `lines`.

    Raises InvalidInput naming the field for a taken user name, a weak password, an unknown
    language or time zone.
    """
    _require_manager(actor, now)
    user = User(username=username, display_name=display_name, email=email)
    user.language, user.time_zone = known_language(language), known_time_zone(time_zone)
    set_valid_password(user, password)
    _save_new_user(user)
    _replace_groups(user, frozenset(roles))
    for line in _lines(lines):
        assign_perm(LINE_PERMISSION, user, line)
    journal.write(
        action="user.created",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={
            "roles": sorted(role.value for role in user.roles),
            "lines": sorted(str(line) for line in lines_of(user)),
        },
    )
    return user


@transaction.atomic
def set_roles(*, user_id: UUID, roles: Iterable[Role], actor: Actor, now: dt.datetime) -> User:
    """Give a member of staff exactly `roles`; ends their sessions at once (P1).

    Nobody changes their own roles. Raises Conflict when nothing would change.
    """
    _require_manager(actor, now)
    user = _locked(user_id)
    _require_not_self(actor, user)
    old, new = user.roles, frozenset(roles)
    if old == new:
        raise Conflict(_("The user has exactly these roles already."), code="unchanged")
    _replace_groups(user, new)
    _end_sessions(user)
    journal.write(
        action="user.roles_changed",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={
            "before": sorted(role.value for role in old),
            "after": sorted(role.value for role in new),
        },
    )
    return user


@transaction.atomic
def give_line(*, user_id: UUID, line_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Let a member of staff work in a business line; raises Conflict if they do already."""
    user, line = _user_and_line(user_id, line_id, actor, now)
    if line.pk in lines_of(user):
        raise Conflict(_("The user works in this business line already."), code="unchanged")
    assign_perm(LINE_PERMISSION, user, line)
    _record_line("user.line_given", user, line, actor, now)


@transaction.atomic
def take_line(*, user_id: UUID, line_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """End a member of staff's work in a business line, and their sessions with it."""
    user, line = _user_and_line(user_id, line_id, actor, now)
    if line.pk not in lines_of(user):
        raise Conflict(_("The user does not work in this business line."), code="unchanged")
    remove_perm(LINE_PERMISSION, user, line)
    _end_sessions(user)
    _record_line("user.line_taken", user, line, actor, now)


@transaction.atomic
def set_active(*, user_id: UUID, active: bool, reason: str, actor: Actor, now: dt.datetime) -> User:
    """Let a member of staff in, or shut them out at once. A reason is mandatory."""
    _require_manager(actor, now)
    user = _locked(user_id)
    _require_not_self(actor, user)
    reason = _required_reason(reason)
    if user.is_active == active:
        raise Conflict(_("The user is in this state already."), code="unchanged")
    user.is_active = active
    user.save(update_fields=["is_active"])
    _end_sessions(user)
    journal.write(
        action="user.activated" if active else "user.deactivated",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={"reason": reason},
    )
    return user


@transaction.atomic
def create_line(*, code: str, name: str, actor: Actor, now: dt.datetime) -> BusinessLine:
    """Make a business line. Raises InvalidInput when the code is taken."""
    if not actor.is_system:
        access.require(actor, Capability.SETTINGS_MANAGE)
    try:
        with transaction.atomic():
            line = BusinessLine.objects.create(code=code, name=name)
    except IntegrityError:
        raise InvalidInput(_("This code is taken."), code="taken", field="code") from None
    journal.write(
        action="line.created",
        actor=actor,
        now=now,
        object=f"line:{line.pk}",
        payload={"code": code, "name": name},
    )
    return line


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
    owner = _locked(owner_id)
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
    reason = _required_reason(reason)
    if key.revoked_at is not None:
        raise Conflict(_("The key is revoked already."), code="unchanged")
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    _record_key("api_key.revoked", key, actor, now, {"reason": reason})
    return key


@transaction.atomic
def change_password(*, user_id: UUID, old: str, new: str, actor: Actor, now: dt.datetime) -> User:
    """Change one's own password (with step-up); all other sessions end.

    Raises InvalidInput for a wrong old one, or a new one that is weak or the same.
    """
    access.require_step_up(actor, now)
    user = _own(user_id, actor)
    if not user.check_password(old):
        raise InvalidInput(_("This is not your password."), code="wrong_password", field="old")
    if old == new:
        raise InvalidInput(_("Choose another password than the old one."), field="password")
    set_valid_password(user, new)
    user.save(update_fields=["password"])
    journal.write(action="user.password_changed", actor=actor, now=now, staff=user.pk)
    return user


@transaction.atomic
def choose_password(*, user: User, new: str, now: dt.datetime) -> User:
    """Replace the password that an administrator made, at the first sign-in.

    Raises InvalidInput for a weak one, or the same again.
    """
    if user.check_password(new):
        raise InvalidInput(_("Choose another password than the old one."), field="password")
    set_valid_password(user, new)
    user.save(update_fields=["password"])
    journal.write(action="user.password_chosen", actor=actor_for_user(user), now=now, staff=user.pk)
    return user


@transaction.atomic
def set_locale(
    *, user_id: UUID, language: str, time_zone: str, actor: Actor, now: dt.datetime
) -> User:
    """Set one's own language and time zone."""
    user = _own(user_id, actor)
    user.language, user.time_zone = known_language(language), known_time_zone(time_zone)
    user.save(update_fields=["language", "time_zone"])
    journal.write(
        action="user.locale_changed",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={"language": user.language, "time_zone": user.time_zone},
    )
    return user


def known_language(code: str) -> str:
    """`code` if the portal speaks it; raises InvalidInput."""
    if code not in dict(settings.LANGUAGES):
        raise InvalidInput(_("The portal does not speak this language."), field="language")
    return code


def known_time_zone(name: str) -> str:
    """`name` if it is an IANA time zone; raises InvalidInput."""
    if name not in zoneinfo.available_timezones():
        raise InvalidInput(_("This is not an IANA time zone."), field="time_zone")
    return name


def set_valid_password(user: User, password: str) -> None:
    """Set `password` on the unsaved `user`; raises InvalidInput with every rule it breaks."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(
            " ".join(error.messages), code="weak_password", field="password"
        ) from None
    user.set_password(password)


def _require_manager(actor: Actor, now: dt.datetime) -> None:
    if not actor.is_system:
        access.require(actor, Capability.USERS_MANAGE)
        access.require_step_up(actor, now)


def _require_not_self(actor: Actor, user: User) -> None:
    if not actor.is_system:
        access.require_other_person(actor, [user.pk])


def _required_reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    return reason.strip()


def _locked(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such user."))
    return user


def _own(user_id: UUID, actor: Actor) -> User:
    user = _locked(user_id)
    if actor.user_id != user.pk:
        raise NotFound(_("There is no such user."))
    return user


def _user_and_line(
    user_id: UUID, line_id: UUID, actor: Actor, now: dt.datetime
) -> tuple[User, BusinessLine]:
    _require_manager(actor, now)
    user = _locked(user_id)
    _require_not_self(actor, user)
    return user, _lines([line_id])[0]


def _lines(ids: Iterable[UUID]) -> list[BusinessLine]:
    wanted = set(ids)
    found = list(BusinessLine.objects.filter(pk__in=wanted))
    if len(found) != len(wanted):
        missing = sorted(str(pk) for pk in wanted - {line.pk for line in found})
        raise NotFound(_("There is no such business line."), details={"missing": missing})
    return found


def _save_new_user(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save(force_insert=True)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), field=name) from None
    except IntegrityError:
        raise InvalidInput(_("This user name is taken."), field="username") from None


def _replace_groups(user: User, roles: frozenset[Role]) -> None:
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    user._prefetched_objects_cache = {}  # type: ignore[attr-defined]


def _end_sessions(user: User) -> None:
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])


def _record_line(
    action: str, user: User, line: BusinessLine, actor: Actor, now: dt.datetime
) -> None:
    journal.write(
        action=action, actor=actor, now=now, staff=user.pk, payload={"line": str(line.pk)}
    )


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
