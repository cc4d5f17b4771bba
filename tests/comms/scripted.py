"""A provider whose every answer a test decides; it remembers what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from comms.channels.base import Accepted, Outcome, Outgoing, SendError, Unseen, register


@register("scripted")
class ScriptedChannel:
    """Accepts by default. `answer` decides on each message, `before` runs ahead of a batch,
    `known` is what the provider tells about keys when it is asked."""

    batch = 1000

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self.idempotent = False
        self.can_answer = False
        self.given: list[Outgoing] = []
        self.answer: Callable[[Outgoing], Outcome] = lambda message: Accepted(message.to)
        self.before: Callable[[], None] = lambda: None
        self.known: dict[str, Accepted | SendError | Unseen] = {}

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        self.given += messages
        self.before()
        return [self.answer(message) for message in messages]

    def status(self, keys: Sequence[str]) -> dict[str, Accepted | SendError | Unseen]:
        return {key: self.known[key] for key in keys if key in self.known}


class Died(BaseException):
    """The worker is gone: no handler of the product may catch this."""
