"""Signing in: password, then a second factor. Every step is a ledger record.

After the password the session holds only a *pending* sign-in; Django's own login, which makes
the session count, happens when the second factor is confirmed. The session key changes at
both steps.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from uuid import UUID

from django.contrib.auth import authenticate, login, logout, user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django_otp import login as otp_login
from django_otp.models import Device

from core import devices, journal
from core.actor import Actor, system
from core.errors import InvalidInput
from core.middleware import address_of, set_step_up
from core.models import User
from core.selectors import actor_for_user, user_of
from core.throttle import Limit

PENDING_KEY = "pending_sign_in"
PENDING_LIFETIME = dt.timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"

# django-axes stops one address at one account (settings.AXES_*); these stop one account tried
# from many addresses, and one address trying many accounts.
PER_ACCOUNT = Limit("sign-in.account", 20, dt.timedelta(minutes=15))
PER_ADDRESS = Limit("sign-in.address", 50, dt.timedelta(minutes=15))

_UNKNOWN = _("The user name or the password is wrong.")
_WRONG_CODE = _("The code is wrong, was used before, or came too soon after a wrong one.")


def sign_in_with_password(
    request: HttpRequest, *, username: str, password: str, now: dt.datetime
) -> User:
    """Check the first factor and make the sign-in pending.

    Raises InvalidInput for a wrong pair, the same for every reason, and RateLimited.
    """
    PER_ACCOUNT.check(username.casefold(), now=now)
    PER_ADDRESS.check(address_of(request), now=now)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        known = User.objects.filter(username=username).first()
        reason = "locked_out" if getattr(request, "axes_locked_out", False) else "password"
        _record_refusal(request, known, reason=reason, now=now)
        _count_failure(request, username, now)
        raise InvalidInput(_UNKNOWN, code="unknown_user_or_password")
    request.session.flush()
    request.session[PENDING_KEY] = {
        "user": str(user.pk),
        "hash": user.get_session_auth_hash(),
        "at": now.isoformat(),
    }
    return user


def pending_user(request: HttpRequest, *, now: dt.datetime) -> User | None:
    """Who gave their password in this session less than ten minutes ago; None otherwise."""
    pending = request.session.get(PENDING_KEY)
    if not pending or now - dt.datetime.fromisoformat(pending["at"]) > PENDING_LIFETIME:
        return None
    user = User.objects.filter(pk=UUID(pending["user"]), is_active=True).first()
    if user is None or not constant_time_compare(pending["hash"], user.get_session_auth_hash()):
        return None
    return user


def sign_in_with_code(request: HttpRequest, *, user: User, code: str, now: dt.datetime) -> None:
    """Check the second factor of a pending sign-in and make the session count.

    Raises InvalidInput for a wrong code, and RateLimited.
    """
    device = check_code(request, user=user, code=code, now=now)
    complete(request, user=user, device=device, now=now)


def complete(request: HttpRequest, *, user: User, device: Device, now: dt.datetime) -> None:
    """Open a verified session for `user`; its second factor counts as confirmed now."""
    login(request, user, backend=BACKEND)
    otp_login(request, device)
    request.session.pop(PENDING_KEY, None)
    set_step_up(request, now)
    with transaction.atomic():
        journal.write(
            action="session.opened",
            actor=actor_for_user(user),
            now=now,
            staff=user.pk,
            payload={"factor": devices.kind_of(device), "place": place_of(request)},
        )


def step_up(request: HttpRequest, *, actor: Actor, code: str, now: dt.datetime) -> None:
    """Confirm the second factor again in a running session (P1). Raises as sign_in_with_code."""
    user = user_of(actor)
    device = check_code(request, user=user, code=code, now=now)
    request.session.cycle_key()
    set_step_up(request, now)
    with transaction.atomic():
        journal.write(
            action="session.stepped_up",
            actor=actor,
            now=now,
            staff=user.pk,
            payload={"factor": devices.kind_of(device), "place": place_of(request)},
        )


def sign_out(request: HttpRequest, *, now: dt.datetime) -> None:
    """End the session. Harmless without one."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        with transaction.atomic():
            journal.write(action="session.closed", actor=actor, now=now, staff=actor.user_id)
    logout(request)


def check_code(request: HttpRequest, *, user: User, code: str, now: dt.datetime) -> Device:
    """The device of `user` that takes `code`; raises InvalidInput, and RateLimited."""
    username = user.get_username()
    PER_ACCOUNT.check(username.casefold(), now=now)
    PER_ADDRESS.check(address_of(request), now=now)
    device = devices.verify(user, code)
    if device is None:
        user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
        _record_refusal(request, user, reason="second_factor", now=now)
        _count_failure(request, username, now)
        raise InvalidInput(_WRONG_CODE, code="wrong_code", field="code")
    return device


def place_of(request: HttpRequest) -> str:
    """The visitor's network: the address cut to /24 or /48, which names no person."""
    try:
        address = ipaddress.ip_address(address_of(request))
    except ValueError:
        return ""
    length = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def lockout_response(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """What django-axes answers to a locked-out attempt."""
    response = render(request, "locked_out.html", status=429)
    response["Retry-After"] = "900"
    return response


def _count_failure(request: HttpRequest, username: str, now: dt.datetime) -> None:
    """Count against account and address; the attempt itself was refused already."""
    for limit, subject in ((PER_ACCOUNT, username.casefold()), (PER_ADDRESS, address_of(request))):
        limit.hit(subject, now=now)


def _record_refusal(
    request: HttpRequest, user: User | None, *, reason: str, now: dt.datetime
) -> None:
    """Nobody is proven yet, so the actor is the system; an unknown name is not written down,
    since people type passwords there."""
    with transaction.atomic():
        journal.write(
            action="session.refused",
            actor=system("sign-in"),
            now=now,
            staff=user.pk if user else None,
            payload={"reason": reason, "known_user": user is not None, "place": place_of(request)},
        )
