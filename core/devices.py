"""Second factors: authenticator apps (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets
from dataclasses import dataclass

import qrcode
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex
from qrcode.image.svg import SvgPathImage

from core import access, crypto, journal
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from core.selectors import actor_for_user

RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
_CODE_LENGTH = 12  # 59 bits
_TOTP = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret as text and as a QR image (data URI)."""

    secret: str
    image: str


def new_secret() -> str:
    """A fresh TOTP secret, 160 bits in hex."""
    return str(random_hex(20))


def enrolment(user: User, secret: str) -> Enrolment:
    """`secret` in the two forms that an authenticator app reads."""
    device = TOTPDevice(user=user, key=secret)
    svg = qrcode.make(device.config_url, image_factory=SvgPathImage, box_size=12).to_string()
    return Enrolment(
        secret=base64.b32encode(bytes.fromhex(secret)).decode(),
        image="data:image/svg+xml;base64," + base64.b64encode(svg).decode(),
    )


def has_second_factor(user: User) -> bool:
    """Whether `user` has a confirmed authenticator app."""
    return apps_of(user).exists()


def apps_of(user: User) -> QuerySet[TOTPDevice]:
    """The authenticator apps of `user`, oldest first."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("id")


def kind_of(device: Device) -> str:
    """`totp` or `recovery_code`, as the ledger writes it."""
    return "recovery_code" if isinstance(device, StaticDevice) else "totp"


@transaction.atomic
def verify(user: User, code: str) -> Device | None:
    """The device that takes `code`, or None. Six digits go to the authenticator apps, all else
    to the recovery codes. A code works once; wrong ones slow the device down (django-otp)."""
    code = re.sub(r"[\s-]", "", code).lower()
    model = TOTPDevice if _TOTP.fullmatch(code) else StaticDevice
    token = code if model is TOTPDevice else _recovery_hash(user, code)
    for device in model.objects.select_for_update().filter(user=user, confirmed=True):
        if device.verify_token(token):
            found: Device = device
            return found
    return None


@transaction.atomic
def enrol(*, user: User, secret: str, code: str, name: str, now: dt.datetime) -> TOTPDevice:
    """Add an authenticator app that proved its secret by `code`; raises InvalidInput."""
    device = TOTPDevice.objects.create(
        user=user, key=secret, name=name.strip()[:64] or "TOTP", confirmed=True
    )
    if not device.verify_token(re.sub(r"\s", "", code)):
        raise InvalidInput(
            _("This code does not fit. Scan the picture again and check the phone's clock."),
            code="wrong_code",
            field="code",
        )
    _record("device.added", user, actor_for_user(user), now, {"device": device.persistent_id})
    return device


@transaction.atomic
def remove(*, device_id: int, actor: Actor, now: dt.datetime) -> None:
    """Take an authenticator app of one's own away (with step-up), but never the last one."""
    access.require_step_up(actor, now)
    own = list(TOTPDevice.objects.select_for_update().filter(user_id=actor.user_id, confirmed=True))
    device = next((device for device in own if device.pk == device_id), None)
    if device is None:
        raise NotFound(_("There is no such device."))
    if len(own) == 1:
        raise Conflict(_("This is your only device: add another one first."), code="last_device")
    _record("device.removed", device.user, actor, now, {"device": device.persistent_id})
    device.delete()


@transaction.atomic
def renew_recovery_codes(*, user: User, actor: Actor, now: dt.datetime) -> list[str]:
    """Replace all recovery codes (with step-up) and return the new ones, to be shown once.
    Only keyed hashes are stored."""
    access.require_step_up(actor, now)
    if actor.user_id != user.pk:
        raise NotFound(_("There is no such user."))
    User.objects.select_for_update().get(pk=user.pk)
    device, _made = StaticDevice.objects.get_or_create(user=user, name="recovery codes")
    device.token_set.all().delete()
    device.throttle_reset()
    codes = [_new_code() for _n in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_recovery_hash(user, code)) for code in codes
    )
    _record("recovery_codes.renewed", user, actor, now, {"count": len(codes)})
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    """How many recovery codes `user` has not used."""
    return int(StaticToken.objects.filter(device__user=user).count())


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _n in range(_CODE_LENGTH))


def _recovery_hash(user: User, code: str) -> str:
    """16 characters, as much as django-otp's column holds: 96 bits of a keyed hash."""
    digest = crypto.blind_index(f"recovery-code:{user.pk}", code)
    return base64.urlsafe_b64encode(digest[:12]).decode()


def _record(
    action: str, user: User, actor: Actor, now: dt.datetime, payload: dict[str, object]
) -> None:
    journal.write(action=action, actor=actor, now=now, staff=user.pk, payload=payload)
