"""Puts the Actor on each request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
        return self.get_response(request)


def actor_of(request: HttpRequest) -> Actor | None:
    """The Actor of this session; None before the second factor."""
    user = request.user
    if not isinstance(user, User) or not user.is_active or not user.is_verified():  # type: ignore[attr-defined]
        return None
    raw = request.session.get(STEP_UP_KEY)
    stepped_up_at = dt.datetime.fromisoformat(raw) if raw else None
    return actor_for_user(user, ip=request.META.get("REMOTE_ADDR"), stepped_up_at=stepped_up_at)
