"""What people change about themselves."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import access, journal
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User
from core.selectors import actor_for_user
from core.services.checks import known_language, known_time_zone, own, set_valid_password


@transaction.atomic
def change_password(*, user_id: UUID, old: str, new: str, actor: Actor, now: dt.datetime) -> User:
    """Change one's own password (with step-up); all other sessions end.

    Raises InvalidInput for a wrong old one, or a new one that is weak or the same.
    """
    access.require_step_up(actor, now)
    user = own(user_id, actor)
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
def set_email(*, user_id: UUID, email: str, actor: Actor, now: dt.datetime) -> User:
    """Set or blank one's own e-mail address, where reminders go (with step-up). The address is
    not recorded, only that it changed. Raises InvalidInput for what is no address."""
    access.require_step_up(actor, now)
    user = own(user_id, actor)
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise InvalidInput(error.message, code="bad_email", field="email") from None
    user.email = email
    user.save(update_fields=["email"])
    journal.write(
        action="user.email_changed",
        actor=actor,
        now=now,
        staff=user.pk,
        payload={"given": bool(email)},
    )
    return user


@transaction.atomic
def set_locale(
    *, user_id: UUID, language: str, time_zone: str, actor: Actor, now: dt.datetime
) -> User:
    """Set one's own language and time zone."""
    user = own(user_id, actor)
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
