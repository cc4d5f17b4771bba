"""What a channel is: takes messages, says for each whether the provider accepted it.

A channel never touches deliveries. It is called outside any transaction; whatever it raises
counts as an unknown outcome for the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Misconfigured

DEAD_ADDRESS = "address_dead"  # code of a SendError that condemns the address for good


class Outgoing(NamedTuple):
    """One rendered message. `to` is the plain address, empty for the inbox."""

    delivery_id: UUID
    notice_id: UUID
    investor_id: UUID
    idempotency_key: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    headers: Mapping[str, str] = MappingProxyType({})


class Accepted(NamedTuple):
    """The provider took the message. `delivered` when acceptance is delivery (the inbox)."""

    ref: str
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class SendError:
    """The provider did not take the message, or (`unknown`) nobody knows whether it did.

    `code` is stable and short; `text` is the provider's, without personal data. Permanent
    errors are not tried again.
    """

    permanent: bool
    code: str
    text: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """The provider has never seen this idempotency key, so the message may be sent again."""


Outcome = Accepted | SendError


class Channel(Protocol):
    """One configured provider.

    `idempotent`: the same idempotency key twice is one message. `batch`: most messages per
    call. `can_answer`: whether `status` works.
    """

    name: str
    idempotent: bool
    can_answer: bool
    batch: int

    def send_batch(self, messages: Sequence[Outgoing]) -> Sequence[Outcome]:
        """Hand over; one outcome per message, in order."""

    def status(self, keys: Sequence[str]) -> Mapping[str, Accepted | SendError | Unseen]:
        """What became of earlier hand-overs, by idempotency key; a key that the provider cannot
        tell about now is absent."""


Factory = Callable[[Mapping[str, Any]], Channel]
_KINDS: dict[str, Factory] = {}


def register(kind: str) -> Callable[[Factory], Factory]:
    """Class decorator: make a channel class available to settings.CHANNEL_PROVIDERS as `kind`.
    The class is called with the provider's settings entry."""

    def add(factory: Factory) -> Factory:
        _KINDS[kind] = factory
        return factory

    return add


@lru_cache(maxsize=64)
def provider(channel: str) -> Channel:
    """The configured provider of `channel`; raises Misconfigured when there is none."""
    import comms.channels.registry  # noqa: F401  imports every kind once

    for entry in settings.CHANNEL_PROVIDERS.get(channel, ()):
        factory = _KINDS.get(entry["kind"])
        if factory is None:
            raise Misconfigured(
                _("No channel kind is called “%(kind)s”.") % {"kind": entry["kind"]},
                details={"channel": channel, "kind": entry["kind"]},
            )
        return factory(entry)
    raise Misconfigured(
        _("No provider is configured for “%(channel)s”.") % {"channel": channel},
        details={"channel": channel},
    )
