"""Background work of the ledger. PostgreSQL rows are the truth; a lost message is made up for
by `sweep`."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from audit import verify
from audit.export import building, requests
from audit.timestamping import services as timestamping
from audit.witnessing import services as witnessing
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
def ask_witnesses() -> int:
    """Ask the witnesses to cosign the newest checkpoint; returns how many did."""
    return witnessing.ask_witnesses(now=clock.now())


@shared_task
def ask_time_stamp() -> bool:
    """Have the newest checkpoint time-stamped when it is time; returns whether it was."""
    return timestamping.stamp_newest(now=clock.now())


@shared_task
def build_export(export_id: str) -> None:
    """Build one export."""
    building.build_export(export_id=UUID(export_id), now=clock.now())


@shared_task
def sweep() -> int:
    """Build the approved exports that no worker is building; returns how many."""
    return building.build_waiting(now=clock.now())


@shared_task
def expire_exports() -> int:
    """Delete the files of exports whose time is over; returns how many."""
    return requests.expire_exports(now=clock.now())
