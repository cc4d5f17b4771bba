"""People for tests of every app."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterable

from django.db.models import TextField
from django.db.models.functions import Cast
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import Record
from core import clock, services
from core.actor import Actor, system
from core.middleware import STEP_UP_KEY
from core.models import BusinessLine, User
from core.roles import Role
from core.selectors import actor_for_user

PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)


def make_line(code: str = "retail", name: str = "Retail brokerage") -> BusinessLine:
    """The business line `code`, made on first use."""
    return BusinessLine.objects.filter(code=code).first() or services.create_line(
        code=code, name=name, actor=system("test"), now=clock.now()
    )


def make_user(
    *roles: Role | str, lines: Iterable[BusinessLine] = (), name: str | None = None
) -> User:
    """A member of staff with `roles`, working in `lines`; the password is PASSWORD."""
    name = name or f"{roles[0] if roles else 'nobody'}-{next(_numbers)}"
    return services.create_user(
        username=name,
        password=PASSWORD,
        display_name=name.title(),
        roles=[Role(role) for role in roles],
        lines=[line.pk for line in lines],
        language="en",
        actor=system("test"),
        now=clock.now(),
    )


def actor_of(user: User, *, stepped_up: bool = True, now: dt.datetime | None = None) -> Actor:
    """The Actor of `user` read afresh; stepped up at `now` (default: this instant)."""
    fresh = User.objects.get(pk=user.pk)
    return actor_for_user(
        fresh, ip="192.0.2.1", stepped_up_at=(now or clock.now()) if stepped_up else None
    )


def device_of(user: User) -> TOTPDevice:
    """The confirmed TOTP device of `user`, made on first use."""
    return TOTPDevice.objects.get_or_create(user=user, confirmed=True, defaults={"name": "phone"})[
        0
    ]


def code_of(user: User, *, ahead: int = 0) -> str:
    """The code that the user's app shows now, or `ahead` steps of 30 s later."""
    return f"{totp(device_of(user).bin_key, drift=ahead):06d}"


def sign_in(client: Client, user: User, *, stepped_up: bool = False) -> Client:
    """A real session of `user` in `client`, verified by a TOTP device; returns the client."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device_of(user).persistent_id
    if stepped_up:
        session[STEP_UP_KEY] = clock.now().isoformat()
    session.save()
    return client


def last_record(action: str) -> Record:
    """The newest record of `action`; its parsed payload is in `.facts`."""
    rows = Record.objects.filter(action=action).annotate(text=Cast("payload", TextField()))
    record = rows.order_by("id").last()
    assert record is not None, f"no record of {action}"
    record.facts = json.loads(record.text)
    return record
