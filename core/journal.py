"""The way from core to the ledger. Core lies below audit and may not import it, so audit
registers its writer here when Django starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from core.actor import Actor


class Writer(Protocol):
    """Writes one ledger record in the caller's transaction and returns its id."""

    def __call__(
        self,
        *,
        action: str,
        actor: Actor,
        now: dt.datetime,
        staff: UUID | None,
        object: str | None,
        payload: Mapping[str, Any] | None,
        incident: UUID | None,
    ) -> UUID: ...


_writer: Writer | None = None


def register(writer: Writer) -> None:
    """Make `writer` the one that all records of core go through."""
    global _writer
    _writer = writer


def write(
    *,
    action: str,
    actor: Actor,
    now: dt.datetime,
    staff: UUID | None = None,
    object: str | None = None,
    payload: Mapping[str, Any] | None = None,
    incident: UUID | None = None,
) -> UUID:
    """Write one record about a member of staff, an incident or `object` (`kind:id`); returns its
    id.

    The payload follows the ledger's rules: plain values, nothing personal. Raises RuntimeError
    when no writer is registered: a change without its record must not happen.
    """
    if _writer is None:
        raise RuntimeError("no ledger is registered with core.journal; is `audit` installed?")
    return _writer(
        action=action, actor=actor, now=now, staff=staff, object=object, payload=payload,
        incident=incident,
    )  # fmt: skip
