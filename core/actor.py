"""Who acts: a person, an API key, an investor, or the system itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from core.roles import Capability


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks a service to act.

    `user_id` is the person who answers for the act: an API key carries its owner's id, so
    four-eyes rules see through keys. `lines` are the business lines the actor may work in.
    `stepped_up_at` is the instant of the last confirmed second factor in this session.
    """

    kind: str  # user | key | investor | system
    id: str
    label: str
    user_id: UUID | None = None
    capabilities: frozenset[Capability] = frozenset()
    lines: frozenset[UUID] = frozenset()
    stepped_up_at: dt.datetime | None = None
    ip: str | None = None

    @property
    def ref(self) -> str:
        """The actor as the ledger writes it, for example `user:0191…` or `system:sequencer`."""
        return f"{self.kind}:{self.id}"

    @property
    def is_system(self) -> bool:
        """Whether this is the product itself (a worker, a schedule), not a person or a key."""
        return self.kind == "system"

    def with_step_up(self, at: dt.datetime) -> Actor:
        """The same actor with the second factor confirmed at `at`."""
        return replace(self, stepped_up_at=at)


def system(name: str) -> Actor:
    """The product acting on its own, for example `system("sender")`."""
    return Actor(kind="system", id=name, label=name)


def investor(investor_id: UUID, *, ip: str | None = None) -> Actor:
    """An investor acting on their own data; the ledger sees the pseudonym only."""
    return Actor(kind="investor", id=str(investor_id), label="investor", ip=ip)
