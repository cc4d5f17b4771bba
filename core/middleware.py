"""Puts the Actor, their language and their time zone on each request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from core.actor import Actor
from core.models import User
from core.selectors import actor_for_user

STEP_UP_KEY = "stepped_up_at"


class ActorMiddleware:
    """`request.actor` is the signed-in, OTP-verified member of staff, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = actor_of(request)  # type: ignore[attr-defined]
        if request.actor is None:  # type: ignore[attr-defined]
            timezone.deactivate()
        else:
            _speak_to(request, request.user)  # type: ignore[arg-type]
        return self.get_response(request)


def actor_of(request: HttpRequest) -> Actor | None:
    """The Actor of this session; None before the second factor."""
    user = request.user
    if not isinstance(user, User) or not user.is_active or not user.is_verified():  # type: ignore[attr-defined]
        return None
    prefetch_related_objects([user], "groups")  # the page asks for the roles again
    raw = request.session.get(STEP_UP_KEY)
    stepped_up_at = dt.datetime.fromisoformat(raw) if raw else None
    return actor_for_user(user, ip=address_of(request), stepped_up_at=stepped_up_at)


def set_step_up(request: HttpRequest, now: dt.datetime) -> None:
    """Note in the session that the second factor was confirmed at `now`."""
    request.session[STEP_UP_KEY] = now.isoformat()


def address_of(request: HttpRequest) -> str:
    """The visitor's address. Behind a proxy the front server must set REMOTE_ADDR."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _speak_to(request: HttpRequest, user: User) -> None:
    timezone.activate(user.time_zone)
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language  # type: ignore[attr-defined]
