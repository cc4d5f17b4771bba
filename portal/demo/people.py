"""The demo firm's staff: one user per role, and a second author-free pair of eyes for each step."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from core import clock, services
from core.actor import Actor, system
from core.models import BusinessLine, User
from core.roles import Role
from core.selectors import actor_for_user

LINE = ("retail", "零售经纪 Retail brokerage")


@dataclass(frozen=True, slots=True)
class Person:
    """One member of the demo's staff."""

    username: str
    name: str
    role: Role


CAST = (
    Person("author", "林作 Lin (author)", Role.AUTHOR),
    Person("reviewer", "方审 Fang (reviewer)", Role.REVIEWER),
    Person("dispatcher", "周发 Zhou (dispatcher)", Role.DISPATCHER),
    Person("releaser", "沈放 Shen (releaser)", Role.RELEASER),
    Person("crisis", "江危 Jiang (crisis officer)", Role.CRISIS_OFFICER),
    Person("supervisor", "余督 Yu (supervisor)", Role.SUPERVISOR),
    Person("privacy", "安私 An (privacy officer)", Role.PRIVACY_OFFICER),
    Person("auditor", "明鉴 Ming (auditor)", Role.AUDITOR),
    Person("regulator", "監管 Regulator", Role.REGULATOR),
    Person("admin", "管理 Admin (administrator)", Role.ADMINISTRATOR),
)


def credentials_file() -> Path:
    """Where the demo keeps the passwords it made up; mode 0600."""
    return Path(settings.VAR_DIR) / "demo" / "credentials.json"


def make_firm() -> dict[str, str]:
    """The line, the cast, a TOTP device each; returns passwords by user name. Repeatable."""
    actor, now = system("demo"), clock.now()
    line = BusinessLine.objects.filter(code=LINE[0]).first() or services.create_line(
        code=LINE[0], name=LINE[1], actor=actor, now=now
    )
    passwords = _known_passwords()
    for person in CAST:
        if User.objects.filter(username=person.username).exists():
            continue
        passwords[person.username] = secrets.token_urlsafe(12)
        user = services.create_user(
            username=person.username,
            password=passwords[person.username],
            display_name=person.name,
            roles=[person.role],
            lines=[line.pk],
            actor=actor,
            now=now,
        )
        TOTPDevice.objects.create(user=user, name="demo", confirmed=True)
    path = credentials_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords, indent=2))
    return passwords


def acting(username: str) -> Actor:
    """That member of the cast with a second factor confirmed just now."""
    return actor_for_user(User.objects.get(username=username), stepped_up_at=clock.now())


def _known_passwords() -> dict[str, str]:
    path = credentials_file()
    return dict(json.loads(path.read_text())) if path.exists() else {}
