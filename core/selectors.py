"""Reads about people and access."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermission

from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.roles import capabilities_of


def actor_for_user(
    user: User, *, ip: str | None = None, stepped_up_at: dt.datetime | None = None
) -> Actor:
    """The Actor for a member of staff, with the capabilities of their roles and their lines."""
    return Actor(
        kind="user",
        id=str(user.pk),
        label=str(user),
        user_id=user.pk,
        capabilities=capabilities_of(user.roles),
        lines=lines_of(user),
        stepped_up_at=stepped_up_at,
        ip=ip,
    )


def lines_of(user: User) -> frozenset[UUID]:
    """Ids of the business lines that guardian lets `user` work in; superusers get no more.

    One query: it runs on every request.
    """
    given = UserObjectPermission.objects.filter(
        user=user,
        permission__codename="work_in_line",
        permission__content_type__app_label="core",
    )
    return frozenset(UUID(pk) for pk in given.values_list("object_pk", flat=True))


def user_of(actor: Actor) -> User:
    """The person behind `actor` (a key's owner too), with their groups; raises NotFound for
    the system and for investors."""
    user = User.objects.prefetch_related("groups").filter(pk=actor.user_id or UUID(int=0)).first()
    if user is None:
        raise NotFound(_("There is no such user."))
    return user
