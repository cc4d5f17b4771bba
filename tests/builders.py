"""The fixed cast of tests: people, investors, an approved wording, notices in every state."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from audit import sealing
from comms import bulk
from comms.models import Notice
from comms.services import notices, planning, sending
from core import clock
from core.actor import Actor
from core.roles import Role
from investors import vault
from investors.models import Investor
from templates_mgmt.models import TemplateVersion
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import FACTS, PLACEHOLDERS, VARIANTS, make_approved

__all__ = ["actor_of", "make_line", "make_user"]

_numbers = itertools.count(1)
INBOX = [
    {
        "channel": "inbox",
        "language": "zh-hans",
        "subject": "{{ title }}",
        "body": "{{ name }}您好：\n\n{{ key_points }}\n\n{{ action }}\n\n"
        "自{{ since }}起。\n\n{{ risk }}",
    },
    {
        "channel": "inbox",
        "language": "en",
        "subject": "{{ title }}",
        "body": "Dear {{ name }},\n\n{{ key_points }}\n\n{{ action }}\n\n"
        "Since {{ since }}.\n\n{{ risk }}",
    },
]
CRITICAL = {"parallel": ["sms", "inbox"], "fallback": ["email"]}


def dispatcher() -> Actor:
    """Somebody who prepares notices of the retail line."""
    return actor_of(make_user(Role.DISPATCHER, lines=[make_line()]))


def releaser() -> Actor:
    """Somebody who releases them, with a second factor confirmed just now."""
    return actor_of(make_user(Role.RELEASER, lines=[make_line()]))


def approved_template(code: str = "outage", **words: Any) -> TemplateVersion:
    """An approved wording for SMS, e-mail and inbox, in Chinese and English. It needs the
    investor's `name`, and `since` from the notice."""
    words.setdefault("variants", [*VARIANTS, *INBOX])
    return make_approved(code=f"{code}-{next(_numbers)}", **words)


def make_investor(**options: Any) -> Investor:
    """One investor of the retail line; `options` as for `make_investors`."""
    return Investor.objects.get(pk=make_investors(1, **options)[0])


def make_investors(
    count: int,
    *,
    consents: Iterable[str] = ("sms", "email", "inbox"),
    contacts: Iterable[str] = ("phone", "email"),
    language: str = "zh-hans",
    name: str = "王小明",
    quiet: tuple[dt.time, dt.time] | None = None,
    ids: Sequence[UUID] | None = None,
) -> list[UUID]:
    """Active investors with contacts and consents, written with COPY; returns their ids. The
    n-th has the phone +86138000xxxxx and the address n@customer.example."""
    now = clock.now()
    ids = list(ids or (uuid4() for _ in range(count)))
    keys = sealing.create_keys(ids, now=now)
    numbers = {investor: next(_numbers) for investor in ids}
    _copy_investors(ids, keys, numbers, language, name, quiet, now)
    _copy_contacts(ids, keys, numbers, list(contacts), now)
    _copy_consents(ids, list(consents), now)
    return ids


def _copy_investors(
    ids: list[UUID],
    keys: dict[UUID, bytes],
    numbers: dict[UUID, int],
    language: str,
    name: str,
    quiet: tuple[dt.time, dt.time] | None,
    now: dt.datetime,
) -> None:
    line = make_line().pk
    start, end = quiet or (None, None)
    columns = (
        "id", "business_line_id", "ref_hash", "profile", "language", "time_zone", "risk_level",
        "cadence", "preferred_channels", "quiet_from", "quiet_to", "account_flags", "status",
        "reach", "fingerprint", "created_at", "updated_at",
    )  # fmt: skip
    rows = []
    for investor in ids:
        ref = f"C{numbers[investor]:08d}"
        profile = vault.seal_profile(keys[investor], vault.Profile(ref=ref, name=name))
        rows.append(
            (
                investor, line, vault.ref_hash(ref), profile, language, "Asia/Shanghai", "R3",
                "at_once", [], start, end, [], "active", 2, b"", now, now,
            )
        )  # fmt: skip
    bulk.copy("investors_investor", columns, rows)


def _copy_contacts(
    ids: list[UUID],
    keys: dict[UUID, bytes],
    numbers: dict[UUID, int],
    kinds: list[str],
    now: dt.datetime,
) -> None:
    columns = (
        "id", "investor_id", "kind", "rank", "value_sealed", "value_hash", "state",
        "suppressed_reason", "created_at",
    )  # fmt: skip
    rows = []
    for investor in ids:
        for kind in kinds:
            value = {"phone": phone_of, "email": email_of}[kind](numbers[investor])
            rows.append(
                (
                    clock.uuid7(), investor, kind, 0, vault.seal_contact(keys[investor], value),
                    vault.contact_hash(kind, value), "verified", "", now,
                )
            )  # fmt: skip
    bulk.copy("investors_contactpoint", columns, rows)


def phone_of(number: int) -> str:
    """An invented mobile number."""
    return f"+86138{number:08d}"


def email_of(number: int) -> str:
    """An invented address."""
    return f"n{number}@customer.example"


def _copy_consents(ids: list[UUID], channels: list[str], now: dt.datetime) -> None:
    entries = [
        (clock.uuid7(), investor, f"channel.{name}") for investor in ids for name in channels
    ]
    bulk.copy(
        "investors_consententry",
        (
            "id", "investor_id", "purpose", "action", "method", "legal_basis", "place",
            "occurred_at", "recorded_at", "source",
        ),
        [
            (entry, investor, purpose, "given", "import", "consent", "", now, now, "test")
            for entry, investor, purpose in entries
        ],
    )  # fmt: skip
    bulk.copy(
        "investors_consentstate",
        ("investor_id", "purpose", "granted", "entry_id", "since"),
        [(investor, purpose, True, entry, now) for entry, investor, purpose in entries],
    )


def make_notice(
    version: TemplateVersion | None = None, *, actor: Actor | None = None, **changes: Any
) -> Notice:
    """A draft for everyone of the line, by a dispatcher, over SMS unless `channels` says else."""
    given: dict[str, Any] = {
        "audience": {"everyone": True},
        "values": {"since": "09:30"},
        "criticality": "important",
        "channels": {"parallel": ["sms"]},
        "reason": "outage of the trading system",
        **changes,
    }
    return notices.create_notice(
        version_id=(version or approved_template()).pk,
        actor=actor or dispatcher(),
        now=clock.now(),
        **given,
    )


def make_released(version: TemplateVersion | None = None, **changes: Any) -> Notice:
    """A notice submitted by its preparer and released by another person."""
    actor = dispatcher()
    notice = make_notice(version, actor=actor, **changes)
    notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())
    return notices.release_notice(notice_id=notice.pk, actor=releaser(), now=clock.now())


def make_planned(version: TemplateVersion | None = None, **changes: Any) -> Notice:
    """A released notice with all its deliveries planned."""
    notice = make_released(version, **changes)
    planning.plan_notice(notice_id=notice.pk, now=clock.now())
    notice.refresh_from_db()
    return notice


def send_all(**options: Any) -> int:
    """Send until nothing is due; returns how many deliveries were dealt with."""
    total = 0
    while count := sending.send_batch(worker="test", **{"now": clock.now(), **options}):
        total += count
    return total


WORDS = {"facts": FACTS, "placeholders": PLACEHOLDERS, "variants": [*VARIANTS, *INBOX]}
