"""Small builders for the ledger's tests."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import transaction

from audit import sequencer
from audit.leaf import Subjects
from audit.record import draft, record_many
from core.actor import Actor, system
from core.roles import Role, capabilities_of

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)


def write(
    count: int, *, action: str = "test.done", now: dt.datetime = NOW, **subjects: object
) -> None:
    """Commit `count` records that have not been sequenced."""
    with transaction.atomic():
        record_many(
            draft(
                action=action,
                actor=system("test"),
                now=now,
                subjects=Subjects(**subjects),
                payload={"n": n, "text": "风险提示 “x” =1+1"},
                sealed=b"sealed %d" % n if n % 3 == 0 else None,
            )
            for n in range(count)
        )


def grow(*sizes: int) -> None:
    """Write and publish batches of these sizes, a checkpoint after each."""
    for size in sizes:
        write(size)
        sequencer.sequence_once(now=NOW, limit=size)


def as_superuser(conninfo: str, *statements: str) -> None:
    """Do what the ledger's protection forbids, as only a superuser can."""
    with psycopg.connect(conninfo) as admin:
        for table in ("audit_record", "audit_leaf", "audit_tile", "audit_checkpoint"):
            admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        for statement in statements:
            admin.execute(statement)
        for table in ("audit_record", "audit_leaf", "audit_tile", "audit_checkpoint"):
            admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")


def staff(*roles: Role, now: dt.datetime | None = NOW) -> Actor:
    """A person with these roles, stepped up at `now`."""
    user_id = uuid.uuid4()
    return Actor(
        kind="user",
        id=str(user_id),
        label="Test Person",
        user_id=user_id,
        capabilities=capabilities_of(frozenset(roles)),
        stepped_up_at=now,
    )


def remembered() -> Path:
    """The file that remembers the last signed checkpoint."""
    return Path(settings.LEDGER_DIR) / "checkpoint"


class Crash(BaseException):
    """The process dies here."""


def dying(function: Callable[..., object], *, before: bool) -> Callable[..., object]:
    """`function`, with the process dying just before or just after it."""

    def dies(*args: object, **kwargs: object) -> object:
        if not before:
            function(*args, **kwargs)
        raise Crash

    return dies
