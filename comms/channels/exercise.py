"""Where the messages of an exercise end: a provider that takes everything and sends nothing.

Planning, claiming and writing are the real ones, so a drill measures them; only the hand-over
goes here instead of to a configured provider. It is no kind that settings can name. The database
holds the same from below: it refuses to mark a delivery of an exercise as being handed to anybody
else, which happens before any provider is called (migration `exercises_protection`).
"""

from __future__ import annotations

from collections.abc import Sequence

from comms.channels import base
from comms.channels.base import Accepted, Channel, Outcome, Outgoing, Plain
from comms.exercises import SINK


class ExerciseSink(Plain):
    """Accepts at once; the reference is the idempotency key. Nothing is delivered."""

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        return [Accepted(message.idempotency_key) for message in messages]


_SINK = ExerciseSink({"name": SINK})


def provider_for(channel: str, *, exercise: bool) -> Channel:
    """Who gets the messages of a notice on `channel`; raises Misconfigured."""
    return _SINK if exercise else base.provider(channel)
