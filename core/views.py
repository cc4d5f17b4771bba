"""Pages of sign-in and of one's own account."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock, devices, pages, services, signin
from core.actor import Actor
from core.errors import InvalidInput, VouchsafeError
from core.forms import (
    CodeForm,
    DeviceForm,
    EmailForm,
    FirstDeviceForm,
    LocaleForm,
    PasswordForm,
    SignInForm,
    add_error,
    time_zone_options,
)
from core.models import BusinessLine, User
from core.pages import safe_path, staff_page, with_next
from core.roles import ROLE_LABELS
from core.selectors import actor_for_user, lines_of, user_of

ENROL_KEY = "enrol_secret"
HELD_FORM_KEY = "held_form"
HELD_FORM_LIFETIME = dt.timedelta(minutes=10)

_form = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@_form
def sign_in(request: HttpRequest) -> HttpResponse:
    """The first factor: user name and password."""
    if actor(request) is not None:
        return redirect(_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = signin.sign_in_with_password(request, **form.cleaned_data, now=clock.now())
        except VouchsafeError as error:
            add_error(form, error)
            return _show(request, "core/sign_in.html", form, status=error.status)
        second = "sign-in-otp" if devices.has_second_factor(user) else "enrol"
        return redirect(with_next(reverse(second), _next(request)))
    return _show(request, "core/sign_in.html", form)


@never_cache
@_form
def sign_in_otp(request: HttpRequest) -> HttpResponse:
    """The second factor: a code of the authenticator app, or a recovery code."""
    now = clock.now()
    user = signin.pending_user(request, now=now)
    if user is None:
        return redirect(with_next(reverse("sign-in"), _next(request)))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signin.sign_in_with_code(request, user=user, code=form.cleaned_data["code"], now=now)
        except VouchsafeError as error:
            add_error(form, error)
            return _show(request, "core/sign_in_otp.html", form, status=error.status)
        return redirect(_next(request))
    return _show(request, "core/sign_in_otp.html", form)


@never_cache
@_form
def enrol(request: HttpRequest) -> HttpResponse:
    """Add an authenticator app: at the first sign-in with a new password, later with step-up."""
    now = clock.now()
    present, newcomer = actor(request), signin.pending_user(request, now=now)
    if present is not None:
        access.require_step_up(present, now)
        user, form_class = user_of(present), DeviceForm
    elif newcomer is not None and not devices.has_second_factor(newcomer):
        user, form_class = newcomer, FirstDeviceForm
    else:
        return redirect(with_next(reverse("sign-in"), _next(request)))
    form = form_class(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return _enrol(request, user, form.cleaned_data, now)
        except VouchsafeError as error:
            add_error(form, error)
            status = error.status
    secret = request.session.setdefault(ENROL_KEY, devices.new_secret())
    shown = {"enrolment": devices.enrolment(user, secret), "first": present is None}
    return _show(request, "core/enrol.html", form, status=status, **shown)


def _enrol(
    request: HttpRequest, user: User, data: dict[str, Any], now: dt.datetime
) -> HttpResponse:
    """Store the device; a newcomer also gets a password, a session and recovery codes."""
    secret = request.session.get(ENROL_KEY)
    if secret is None:
        raise InvalidInput(_("The picture has expired; scan the new one."), field="code")
    with transaction.atomic():
        if "password" in data:
            services.choose_password(user=user, new=data["password"], now=now)
        device = devices.enrol(
            user=user, secret=secret, code=data["code"], name=data["name"], now=now
        )
        codes = (
            devices.renew_recovery_codes(
                user=user, actor=actor_for_user(user, stepped_up_at=now), now=now
            )
            if "password" in data
            else None
        )
    del request.session[ENROL_KEY]
    if codes is None:
        messages.success(request, _("The device was added."))
        return redirect("account")
    signin.complete(request, user=user, device=device, now=now)
    return _show_codes(request, codes)


@never_cache
@staff_page()
@_form
def step_up(request: HttpRequest) -> HttpResponse:
    """Confirm the second factor again, then go back; a form that was held is sent on by a
    button, so that nothing typed is lost."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        try:
            signin.step_up(request, actor=_signed_in(request), **form.cleaned_data, now=now)
        except VouchsafeError as error:
            add_error(form, error)
            return _show(request, "core/step_up.html", form, status=error.status)
        held = request.session.pop(HELD_FORM_KEY, None)
        if held and now - dt.datetime.fromisoformat(held["at"]) <= HELD_FORM_LIFETIME:
            return render(request, "core/go_on.html", {"held": held, "next": _next(request)})
        return redirect(_next(request))
    return _show(request, "core/step_up.html", form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    signin.sign_out(request, now=clock.now())
    return redirect("sign-in")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language of this browser, and of the account when signed in."""
    language = services.known_language(request.POST.get("language", ""))
    present = actor(request)
    if present is not None and present.user_id is not None:
        services.set_locale(
            user_id=present.user_id,
            language=language,
            time_zone=request.user.time_zone,  # type: ignore[union-attr]
            actor=present,
            now=clock.now(),
        )
    response = redirect(
        safe_path(request, request.POST.get("next", ""), fallback=pages.return_path(request))
    )
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SECURE,
        httponly=True,
    )
    return response


@staff_page()
@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: roles, devices, recovery codes, keys, language and time zone."""
    return _account(request)


@staff_page()
@require_POST
def account_locale(request: HttpRequest) -> HttpResponse:
    """Set one's language and time zone."""
    form = LocaleForm(request.POST)
    if not form.is_valid():
        return _account(request, locale_form=form, status=422)
    me = _signed_in(request)
    try:
        user = services.set_locale(
            user_id=_own_id(me), **form.cleaned_data, actor=me, now=clock.now()
        )
    except InvalidInput as error:
        add_error(form, error)
        return _account(request, locale_form=form, status=error.status)
    translation.activate(user.language)
    messages.success(request, _("Saved."))
    return redirect("account")


@staff_page()
@require_POST
def account_email(request: HttpRequest) -> HttpResponse:
    """Set or blank one's e-mail address."""
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _account(request, email_form=form, status=422)
    me = _signed_in(request)
    services.set_email(user_id=_own_id(me), **form.cleaned_data, actor=me, now=clock.now())
    messages.success(request, _("Saved."))
    return redirect("account")


@staff_page()
@require_POST
def account_password(request: HttpRequest) -> HttpResponse:
    """Change one's password."""
    me, now = _signed_in(request), clock.now()
    access.require_step_up(me, now)
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            user = services.change_password(
                user_id=_own_id(me),
                old=form.cleaned_data["old"],
                new=form.cleaned_data["password"],
                actor=me,
                now=now,
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password was changed; other sessions ended."))
            return redirect("account")
    return _account(request, password_form=form, status=422)


@staff_page()
@require_POST
def device_remove(request: HttpRequest, device_id: int) -> HttpResponse:
    """Take an authenticator app away."""
    devices.remove(device_id=device_id, actor=_signed_in(request), now=clock.now())
    messages.success(request, _("The device was removed."))
    return redirect("account")


@staff_page()
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them this once."""
    me = _signed_in(request)
    user = user_of(me)
    return _show_codes(request, devices.renew_recovery_codes(user=user, actor=me, now=clock.now()))


@staff_page()
@require_POST
def key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End one of one's own API keys."""
    services.revoke_api_key(
        key_id=key_id,
        reason=request.POST.get("reason", ""),
        actor=_signed_in(request),
        now=clock.now(),
    )
    messages.success(request, _("The key was revoked."))
    return redirect("account")


def actor(request: HttpRequest) -> Actor | None:
    """The signed-in member of staff, if any."""
    found: Actor | None = getattr(request, "actor", None)
    return found


def _signed_in(request: HttpRequest) -> Actor:
    present = actor(request)
    assert present is not None, "staff_page lets nobody else through"
    return present


def _own_id(me: Actor) -> UUID:
    assert me.user_id is not None
    return me.user_id


def _next(request: HttpRequest) -> str:
    candidate = request.POST.get("next") or request.GET.get("next") or ""
    return safe_path(request, candidate, fallback="/")


def _show(
    request: HttpRequest, template: str, form: Any, *, status: int = 200, **context: object
) -> HttpResponse:
    if request.method == "POST" and form.errors and status == 200:
        status = 422
    shown = {"form": form, "next": _next(request), **context}
    return render(request, template, shown, status=status)


@never_cache
def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "core/recovery_codes.html", {"codes": codes, "next": _next(request)})


def _account(request: HttpRequest, *, status: int = 200, **forms: object) -> HttpResponse:
    user = user_of(_signed_in(request))
    context = {
        "user_roles": [ROLE_LABELS[role] for role in ROLE_LABELS if role in user.roles],
        "lines": BusinessLine.objects.filter(pk__in=lines_of(user)),
        "devices": devices.apps_of(user),
        "codes_left": devices.recovery_codes_left(user),
        "keys": user.api_keys.all()[:50],
        "locale_form": LocaleForm(initial={"language": user.language, "time_zone": user.time_zone}),
        "email_form": EmailForm(initial={"email": user.email}),
        "password_form": PasswordForm(),
        "time_zone_options": time_zone_options(),
        "title": gettext_lazy("Your account"),
    }
    return render(request, "core/account.html", context | forms, status=status)
