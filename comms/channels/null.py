"""A provider that accepts everything and does nothing: benchmarks and load tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comms.channels.base import Accepted, Outcome, Outgoing, Unseen, register


@register("null")
class NullChannel:
    """Accepts at once; the reference is the idempotency key."""

    idempotent = True
    can_answer = False
    batch = 1000

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        return [Accepted(message.idempotency_key) for message in messages]

    def status(self, keys: Sequence[str]) -> dict[str, Accepted | Unseen]:  # type: ignore[override]
        return {}
