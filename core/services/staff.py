"""Members of staff: accounts, roles, business lines. Only administrators, with step-up."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_otp import devices_for_user
from guardian.shortcuts import assign_perm, remove_perm

from core import access, journal
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.models import BusinessLine, User
from core.roles import Role
from core.selectors import lines_of
from core.services.checks import (
    end_sessions,
    known_language,
    known_time_zone,
    lines_by_id,
    locked_user,
    require_manager,
    require_not_self,
    required_reason,
    set_valid_password,
)

LINE_PERMISSION = "core.work_in_line"


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

    An account that an administrator makes stays shut until another administrator lets it in
    (`set_active`): nobody can make up a second person for four-eyes steps. Raises InvalidInput
    naming the field for a taken user name, a weak password, an unknown language or time zone.
    """
    require_manager(actor, now)
    user = User(username=username, display_name=display_name, email=email)
    user.language, user.time_zone = known_language(language), known_time_zone(time_zone)
    set_valid_password(user, password)
    _shut_until_vouched_for(user, actor)
    _save_new_user(user)
    _replace_groups(user, frozenset(roles))
    for line in lines_by_id(lines):
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
    require_manager(actor, now)
    user = locked_user(user_id)
    require_not_self(actor, user)
    old, new = user.roles, frozenset(roles)
    if old == new:
        raise Conflict(_("The user has exactly these roles already."), code="unchanged")
    _replace_groups(user, new)
    end_sessions(user)
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
    end_sessions(user)
    _record_line("user.line_taken", user, line, actor, now)


@transaction.atomic
def set_active(*, user_id: UUID, active: bool, reason: str, actor: Actor, now: dt.datetime) -> User:
    """Let a member of staff in, or shut them out at once. A reason is mandatory.

    Whoever made the account or reset its sign-in cannot let it in (FourEyesViolation).
    """
    require_manager(actor, now)
    user = locked_user(user_id)
    require_not_self(actor, user)
    if active and not actor.is_system:
        access.require_other_person(actor, [user.set_up_by])
    reason = required_reason(reason)
    if user.is_active == active:
        raise Conflict(_("The user is in this state already."), code="unchanged")
    user.is_active = active
    user.set_up_by = None if active else user.set_up_by
    user.save(update_fields=["is_active", "set_up_by"])
    end_sessions(user)
    journal.write(
        action="user.activated" if active else "user.deactivated",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={"reason": reason},
    )
    return user


@transaction.atomic
def reset_sign_in(*, user_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> str:
    """Help someone who lost password and devices: take both away, end all sessions, shut the
    account until another administrator lets it in. Returns the initial password, to be handed
    over once; at sign-in its owner chooses another and enrols a device."""
    require_manager(actor, now)
    user = locked_user(user_id)
    require_not_self(actor, user)
    reason = required_reason(reason)
    password = new_password()
    user.set_password(password)
    _shut_until_vouched_for(user, actor)
    user.save(update_fields=["password", "is_active", "set_up_by"])
    for device in devices_for_user(user, confirmed=None):
        device.delete()
    end_sessions(user)
    journal.write(
        action="user.sign_in_reset", actor=actor, now=now, staff=user.pk, payload={"reason": reason}
    )
    return password


@transaction.atomic
def update_user(
    *, user_id: UUID, display_name: str, email: str, actor: Actor, now: dt.datetime
) -> User:
    """Correct a name or an e-mail address. Raises InvalidInput naming the field."""
    require_manager(actor, now)
    user = locked_user(user_id)
    changed = [
        name
        for name, value in (("display_name", display_name), ("email", email))
        if getattr(user, name) != value
    ]
    user.display_name, user.email = display_name, email
    _clean(user)
    user.save(update_fields=["display_name", "email"])
    journal.write(
        action="user.updated", actor=actor, now=now, staff=user.pk, payload={"fields": changed}
    )
    return user


def new_password() -> str:
    """A random initial password of 120 bits."""
    return secrets.token_urlsafe(15)


def _shut_until_vouched_for(user: User, actor: Actor) -> None:
    """What an administrator prepares, another one opens; what the system makes is open."""
    user.is_active = actor.is_system
    user.set_up_by = actor.user_id


def _user_and_line(
    user_id: UUID, line_id: UUID, actor: Actor, now: dt.datetime
) -> tuple[User, BusinessLine]:
    require_manager(actor, now)
    user = locked_user(user_id)
    require_not_self(actor, user)
    return user, lines_by_id([line_id])[0]


def _save_new_user(user: User) -> None:
    _clean(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise InvalidInput(_("This user name is taken."), field="username") from None


def _clean(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), field=name) from None


def _replace_groups(user: User, roles: frozenset[Role]) -> None:
    user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    user._prefetched_objects_cache = {}  # type: ignore[attr-defined]


def _record_line(
    action: str, user: User, line: BusinessLine, actor: Actor, now: dt.datetime
) -> None:
    journal.write(
        action=action, actor=actor, now=now, staff=user.pk, payload={"line": str(line.pk)}
    )
