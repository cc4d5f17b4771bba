"""Scenes of people, lines, keys and sign-in."""

from __future__ import annotations

from functools import partial

from django.test import RequestFactory

from core import clock, devices, services, signin
from core.actor import Actor, system
from core.models import User
from core.roles import Capability, Role
from core.services import own
from tests.completeness.catalogue import Act, scene
from tests.core.builders import PASSWORD, actor_of, code_of, device_of, make_line, make_user

REASON = "letter 12"
OTHER = "entirely another pass phrase"


def admin() -> Actor:
    return actor_of(make_user(Role.ADMINISTRATOR))


def call(function, **words) -> Act:
    return partial(function, now=clock.now(), **words)


@scene("core.services.staff.create_user")
def _create_user() -> Act:
    words = {"username": "zhou", "password": PASSWORD, "roles": [Role.AUTHOR]}
    return call(services.create_user, actor=admin(), lines=[make_line().pk], **words)


@scene("core.services.staff.set_roles")
def _set_roles() -> Act:
    user = make_user(Role.AUTHOR)
    return call(services.set_roles, user_id=user.pk, roles=[Role.AUDITOR], actor=admin())


@scene("core.services.staff.give_line")
def _give_line() -> Act:
    line = make_line()
    return call(services.give_line, user_id=make_user().pk, line_id=line.pk, actor=admin())


@scene("core.services.staff.take_line")
def _take_line() -> Act:
    line = make_line()
    user = make_user(lines=[line])
    return call(services.take_line, user_id=user.pk, line_id=line.pk, actor=admin())


@scene("core.services.staff.set_active")
def _set_active() -> Act:
    words = {"user_id": make_user().pk, "active": False, "reason": REASON}
    return call(services.set_active, actor=admin(), **words)


@scene("core.services.staff.reset_sign_in")
def _reset() -> Act:
    user = make_user()
    device_of(user)
    return call(services.reset_sign_in, user_id=user.pk, reason=REASON, actor=admin())


@scene("core.services.staff.update_user")
def _update() -> Act:
    words = {"display_name": "Zhou Min", "email": "zhou@firm.example"}
    return call(services.update_user, user_id=make_user().pk, actor=admin(), **words)


@scene("core.services.lines.create_line")
def _create_line() -> Act:
    return call(services.create_line, code="wealth", name="Wealth", actor=system("test"))


@scene("core.services.lines.rename_line")
def _rename_line() -> Act:
    line = make_line()
    return call(services.rename_line, line_id=line.pk, name="Retail", actor=system("test"))


def _key_words() -> dict[str, object]:
    owner = make_user(Role.AUDITOR)
    return {"name": "k", "owner_id": owner.pk, "scopes": [Capability.AUDIT_BROWSE]}


@scene("core.services.keys.create_api_key")
def _create_key() -> Act:
    return call(services.create_api_key, actor=admin(), **_key_words())


@scene("core.services.keys.revoke_api_key")
def _revoke_key() -> Act:
    actor = admin()
    made = services.create_api_key(actor=actor, now=clock.now(), **_key_words())
    return call(services.revoke_api_key, key_id=made.key.pk, reason=REASON, actor=actor)


@scene("core.services.own.change_password")
def _change_password() -> Act:
    user = make_user()
    words = {"user_id": user.pk, "old": PASSWORD, "new": OTHER}
    return call(own.change_password, actor=actor_of(user), **words)


@scene("core.services.own.choose_password")
def _choose_password() -> Act:
    return call(own.choose_password, user=make_user(), new=OTHER)


@scene("core.services.own.set_email")
def _set_email() -> Act:
    user = make_user()
    words = {"user_id": user.pk, "email": "new@example.com"}
    return call(own.set_email, actor=actor_of(user), **words)


@scene("core.services.own.set_locale")
def _set_locale() -> Act:
    user = make_user()
    words = {"user_id": user.pk, "language": "zh-hans", "time_zone": "Asia/Tokyo"}
    return call(own.set_locale, actor=actor_of(user), **words)


# Sign-in --------------------------------------------------------------------------------------


def visit(user: User | None = None):
    """A request of a browser, signed in as `user` if one is given."""
    from django.contrib.auth import login
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.db import SessionStore

    request = RequestFactory().post("/sign-in/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    request.actor = None
    if user is not None:
        login(request, user, backend=signin.BACKEND)
        request.actor = actor_of(user)
    return request


@scene("core.signin.sign_in_with_password")
def _wrong_password() -> Act:
    """A wrong one is what changes something; a right one only opens a pending session."""
    from core.errors import InvalidInput

    user, request = make_user(), visit()

    def act() -> None:
        try:
            signin.sign_in_with_password(
                request, username=user.username, password="wrong", now=clock.now()
            )
        except InvalidInput:
            return
        raise AssertionError

    return act


@scene("core.signin.sign_in_with_code")
def _sign_in() -> Act:
    user = make_user()
    request, code = visit(), code_of(user)
    return call(signin.sign_in_with_code, request=request, user=user, code=code)


@scene("core.signin.check_code")
def _wrong_code() -> Act:
    from core.errors import InvalidInput

    user, request = make_user(), visit()
    device_of(user)

    def act() -> None:
        try:
            signin.check_code(request, user=user, code="000000", now=clock.now())
        except InvalidInput:
            return
        raise AssertionError

    return act


@scene("core.signin.complete")
def _complete() -> Act:
    user = make_user()
    return call(signin.complete, request=visit(), user=user, device=device_of(user))


@scene("core.signin.step_up")
def _step_up() -> Act:
    user = make_user()
    code = code_of(user)
    return call(signin.step_up, request=visit(user), actor=actor_of(user), code=code)


@scene("core.signin.sign_out")
def _sign_out() -> Act:
    return call(signin.sign_out, request=visit(make_user()))


@scene("core.devices.enrol")
def _enrol() -> Act:
    from django_otp.oath import totp

    secret = devices.new_secret()
    code = f"{totp(bytes.fromhex(secret)):06d}"
    return call(devices.enrol, user=make_user(), secret=secret, code=code, name="phone")


@scene("core.devices.remove")
def _remove() -> Act:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    user = make_user()
    device = device_of(user)
    TOTPDevice.objects.create(user=user, confirmed=True, name="second")
    return call(devices.remove, device_id=device.pk, actor=actor_of(user))


@scene("core.devices.renew_recovery_codes")
def _renew() -> Act:
    user = make_user()
    return call(devices.renew_recovery_codes, user=user, actor=actor_of(user))
