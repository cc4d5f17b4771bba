"""What the ledger page shows: the head, who attested it, whether it verifies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from audit import keys, selectors
from audit.models import Checkpoint, Timestamp, Verification
from audit.timestamping import selectors as timestamping
from audit.timestamping.selectors import AuthorityState
from audit.witnessing import selectors as witnessing
from audit.witnessing.policy import quorum
from audit.witnessing.selectors import WitnessState

OVERDUE = dt.timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Head:
    """The log's newest checkpoint, the one it publishes, and what outsiders say of them."""

    newest: Checkpoint | None
    published: Checkpoint | None
    note: str
    verifier_key: str
    waiting: int
    quorum: int
    witnesses: list[WitnessState]
    authority: AuthorityState
    stamps: list[Timestamp]

    @property
    def held_back(self) -> bool:
        """Whether the newest checkpoint waits for witnesses before it is published."""
        published = self.published.size if self.published else 0
        return self.newest is not None and published < self.newest.size and self.quorum > 0


def head() -> Head:
    """The log's head; a constant number of queries."""
    published = witnessing.published()
    size = published.size if published else 0
    return Head(
        newest=selectors.latest_checkpoint(),
        published=published,
        note=witnessing.cosigned_note(size, published.note) if published else "",
        verifier_key=str(keys.verifier_key()),
        waiting=selectors.waiting(),
        quorum=quorum(),
        witnesses=witnessing.witness_states(),
        authority=timestamping.authority_state(),
        stamps=timestamping.stamped_sizes(5),
    )


def overdue(verification: Verification | None, *, now: dt.datetime) -> bool:
    """Whether the nightly verification has not been seen for more than a day."""
    return verification is None or now - verification.started_at > OVERDUE
