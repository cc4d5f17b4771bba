"""Background work of the ledger. PostgreSQL rows are the truth; a lost message is made up for
by `sweep`."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from audit import verify
from audit.export import service
from core import clock
from core.actor import Actor
from core.roles import Capability


@shared_task
def verify_ledger(verification_id: str, asked_by: str) -> bool:
    """Carry out a verification that a person asked for."""
    kind, _colon, identity = asked_by.partition(":")
    actor = Actor(kind, identity, asked_by, capabilities=frozenset({Capability.AUDIT_VERIFY}))
    return verify.verify_log(now=clock.now(), actor=actor, verification_id=UUID(verification_id)).ok


@shared_task
def verify_nightly() -> bool:
    """The nightly verification (L9)."""
    return verify.verify_log(now=clock.now()).ok


@shared_task
def build_export(export_id: str) -> None:
    """Build one export."""
    service.build_export(export_id=UUID(export_id), now=clock.now())


@shared_task
def sweep() -> int:
    """Build the exports that no worker is building; returns how many."""
    return service.build_waiting(now=clock.now())
