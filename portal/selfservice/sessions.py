"""The investor's session: apart from the staff's, bound to a device, ended with it."""

from __future__ import annotations

import datetime as dt
import functools
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from audit.leaf import Subjects
from audit.record import record
from core import actor as actors
from core import clock, crypto, pages
from core.actor import Actor
from core.errors import NotFound
from core.middleware import address_of
from investors.models import Investor
from portal.models import BoundDevice
from portal.selfservice.signin import interface_language

KEY = "me"
COOKIE = "me_device"
IDLE = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=8)
FRESH = dt.timedelta(minutes=15)
_TOUCH = dt.timedelta(minutes=1)
_COOKIE_AGE = 400 * 24 * 3600

View = Callable[..., HttpResponse]


def me_page(view: View | None = None, *, fresh: bool = False) -> Any:
    """Decorates a view for signed-in investors: `request.investor` and `request.me` (the Actor)
    are set, language and time zone are theirs, nothing is cached. Others go to sign in.

    `fresh` asks for a sign-in within 15 minutes (I6: step-up before the history).
    """
    if view is None:
        return functools.partial(me_page, fresh=fresh)

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = clock.now()
        investor = current(request, now)
        if investor is None or (fresh and not _is_fresh(request, now)):
            return redirect(pages.with_next(reverse("me-sign-in"), pages.return_path(request)))
        request.investor = investor  # type: ignore[attr-defined]
        request.me = actors.investor(investor.pk, ip=address_of(request))  # type: ignore[attr-defined]
        timezone.activate(investor.time_zone)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            language = interface_language(investor.language)
            translation.activate(language)
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    guarded.investor_page = True  # type: ignore[attr-defined]
    return guarded


def start(
    request: HttpRequest, response: HttpResponse, *, investor: Investor, now: dt.datetime
) -> None:
    """Begin the investor's session under a new session key and bind the device."""
    request.session.cycle_key()
    device = _device(request, response, investor, now)
    request.session[KEY] = {
        "investor": str(investor.pk),
        "device": str(device.pk),
        "since": now.isoformat(),
        "seen": now.isoformat(),
    }


def current(request: HttpRequest, now: dt.datetime) -> Investor | None:
    """The signed-in investor; None when the session is over, its device was removed, or the
    relationship was closed."""
    held = request.session.get(KEY)
    if held is None:
        return None
    since, seen = (dt.datetime.fromisoformat(held[name]) for name in ("since", "seen"))
    device = (
        BoundDevice.objects.select_related("investor")
        .filter(pk=held["device"], removed_at=None, investor=held["investor"])
        .first()
        if now - seen <= IDLE and now - since <= LONGEST
        else None
    )
    if device is None or device.investor.status != Investor.Status.ACTIVE:
        del request.session[KEY]
        return None
    if now - seen > _TOUCH:
        request.session[KEY] = {**held, "seen": now.isoformat()}
    return device.investor


def end(request: HttpRequest, *, now: dt.datetime) -> None:
    """Sign the investor out; a staff session in the same browser stays."""
    held = request.session.pop(KEY, None)
    request.session.cycle_key()
    if held is None:
        return
    with transaction.atomic():
        investor_id = UUID(held["investor"])
        record(
            action="selfservice.signed_out",
            actor=actors.investor(investor_id, ip=address_of(request)),
            now=now,
            subjects=Subjects(investor=investor_id),
        )


def remove_device(*, device_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """End a device's session for good. Raises NotFound for anybody else's device."""
    with transaction.atomic():
        device = (
            BoundDevice.objects.select_for_update()
            .filter(pk=device_id, investor=UUID(actor.id), removed_at=None)
            .first()
        )
        if device is None:
            raise NotFound("There is no such device.")
        device.removed_at = now
        device.save(update_fields=["removed_at"])
        record(
            action="selfservice.device_removed",
            actor=actor,
            now=now,
            subjects=Subjects(investor=device.investor_id, object=f"device:{device.pk}"),
        )


def _is_fresh(request: HttpRequest, now: dt.datetime) -> bool:
    return now - dt.datetime.fromisoformat(request.session[KEY]["since"]) <= FRESH


def _device(
    request: HttpRequest, response: HttpResponse, investor: Investor, now: dt.datetime
) -> BoundDevice:
    """The known device of this browser, or a new one with its cookie."""
    token = request.COOKIES.get(COOKIE, "")
    with transaction.atomic():
        known = BoundDevice.objects.filter(
            token_hash=_hash(token), investor=investor, removed_at=None
        ).first()
        if known is not None:
            known.last_seen_at = now
            known.save(update_fields=["last_seen_at"])
            return known
        token = secrets.token_urlsafe(32)
        device = BoundDevice.objects.create(
            investor=investor,
            token_hash=_hash(token),
            label=device_label(request.headers.get("User-Agent", "")),
            created_at=now,
            last_seen_at=now,
        )
        record(
            action="selfservice.device_bound",
            actor=actors.investor(investor.pk, ip=address_of(request)),
            now=now,
            subjects=Subjects(investor=investor.pk, object=f"device:{device.pk}"),
        )
    response.set_cookie(
        COOKIE,
        token,
        max_age=_COOKIE_AGE,
        path="/me/",
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return device


def device_label(user_agent: str) -> str:
    """Browser and system in two words, enough to know one's own device again."""
    systems = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux")
    browsers = ("MicroMessenger", "Edg", "OPR", "Firefox", "Chrome", "Safari")
    names = {"MicroMessenger": "WeChat", "Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}
    found = [
        next((name for name in group if name in user_agent), "") for group in (browsers, systems)
    ]
    return " · ".join(names.get(name, name) for name in found if name) or "?"


def _hash(token: str) -> bytes:
    return crypto.blind_index("me.device", token)
