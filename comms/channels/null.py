"""A provider that accepts everything and does nothing: benchmarks and load tests."""

from __future__ import annotations

from collections.abc import Sequence

from comms.channels.base import Accepted, Outcome, Outgoing, Plain, register


@register("null")
class NullChannel(Plain):
    """Accepts at once; the reference is the idempotency key."""

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        return [Accepted(message.idempotency_key) for message in messages]
