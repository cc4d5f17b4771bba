"""What several services of core check or do in the same way."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import access
from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.models import BusinessLine, User
from core.roles import Capability


def known_language(code: str) -> str:
    """`code` if the portal speaks it; raises InvalidInput."""
    if code not in dict(settings.LANGUAGES):
        raise InvalidInput(_("The portal does not speak this language."), field="language")
    return code


@functools.cache
def _time_zones() -> frozenset[str]:
    """The names of all time zones; looking for them reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def known_time_zone(name: str) -> str:
    """`name` if it is an IANA time zone; raises InvalidInput."""
    if name not in _time_zones():
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


def require_manager(actor: Actor, now: dt.datetime) -> None:
    """Let through who manages users and stepped up, and the system (set-up, demo)."""
    if not actor.is_system:
        access.require(actor, Capability.USERS_MANAGE)
        access.require_step_up(actor, now)


def require_not_self(actor: Actor, user: User) -> None:
    """Raise FourEyesViolation when `actor` would change their own rights."""
    if not actor.is_system:
        access.require_other_person(actor, [user.pk])


def required_reason(reason: str) -> str:
    """`reason` without blanks around it; raises InvalidInput when nothing is left."""
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    return reason.strip()


def locked_user(user_id: UUID) -> User:
    """The user, locked until the transaction ends; raises NotFound."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such user."))
    return user


def own(user_id: UUID, actor: Actor) -> User:
    """The actor's own account, locked; raises NotFound for another's."""
    user = locked_user(user_id)
    if actor.user_id != user.pk:
        raise NotFound(_("There is no such user."))
    return user


def lines_by_id(ids: Iterable[UUID]) -> list[BusinessLine]:
    """All of these business lines; raises NotFound naming the missing ones."""
    wanted = set(ids)
    found = list(BusinessLine.objects.filter(pk__in=wanted))
    if len(found) != len(wanted):
        missing = sorted(str(pk) for pk in wanted - {line.pk for line in found})
        raise NotFound(_("There is no such business line."), details={"missing": missing})
    return found


def end_sessions(user: User) -> None:
    """End every session of `user`: the epoch is part of each session's hash."""
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])
