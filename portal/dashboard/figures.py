"""Counts of the overview: deliveries on their way, rates by channel, the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from audit.models import Checkpoint, Verification
from comms.models import Notice

ATTEMPTED = frozenset({"accepted", "delivered", "failed", "unconfirmed"})


@dataclass(slots=True)
class Rates:
    """Counts of one channel's deliveries; a rate is a share of those attempted."""

    channel: str
    by_state: Counter[str] = field(default_factory=Counter)
    read: int = 0
    acknowledged: int = 0

    @property
    def attempted(self) -> int:
        """Deliveries that left the house, whatever became of them."""
        return sum(n for state, n in self.by_state.items() if state in ATTEMPTED)


@dataclass(slots=True)
class Going:
    """A notice on its way, with live counts."""

    notice: Notice
    by_state: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0

    @property
    def total(self) -> int:
        """Deliveries planned and needed; fallbacks that wait or were spared do not count."""
        spared = self.by_state["standby"] + self.by_state["not_needed"]
        return sum(self.by_state.values()) - spared

    @property
    def settled(self) -> int:
        """Deliveries that left the queue."""
        return self.total - sum(self.by_state[s] for s in ("queued", "held", "sending"))

    @property
    def failed(self) -> int:
        """Deliveries that did not reach the investor on this channel."""
        return sum(self.by_state[s] for s in ("failed", "refused", "unconfirmed"))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The health of the log. `pending` records are committed and not yet placed."""

    size: int
    pending: int
    checkpoint: Checkpoint | None
    verification: Verification | None

    @property
    def state(self) -> str:
        """The last verification as a status: ok, broken, running or never."""
        if self.verification is None:
            return "never"
        return {True: "ok", False: "broken", None: "running"}[self.verification.ok]
