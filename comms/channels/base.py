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

from comms.exercises import SINK
from core.errors import Misconfigured

DEAD_ADDRESS = "address_dead"  # code of a SendError that condemns the address for good


class Outgoing(NamedTuple):
    """One rendered message. `to` is the plain address, empty for the inbox.

    `wire` are the very bytes for the provider, made with `date` when the message was committed
    to (`comms.recreating`); a channel that has some hands over nothing else.
    """

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
    date: str = ""
    wire: bytes = b""


class Style(NamedTuple):
    """The installation's part of a message: which kind of provider gets it, who sends it, and
    where its links lead."""

    kind: str
    mail_from: str
    mail_domain: str
    public_url: str


def style_now(kind: str) -> Style:
    """The style under the settings as they are."""
    return Style(kind, settings.MAIL_FROM, settings.MAIL_DOMAIN, settings.PUBLIC_URL)


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


class Plain:
    """A provider inside this installation: nothing but a name to configure."""

    idempotent = True
    can_answer = False
    batch = 1000

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]

    def status(self, keys: Sequence[str]) -> Mapping[str, Accepted | SendError | Unseen]:
        """Nothing that it could tell."""
        return {}


Factory = Callable[[Mapping[str, Any]], Channel]
_KINDS: dict[str, Factory] = {}


def register(kind: str) -> Callable[[Factory], Factory]:
    """Class decorator: make a channel class available to settings.CHANNEL_PROVIDERS as `kind`.
    The class is called with the provider's settings entry."""

    def add(factory: Factory) -> Factory:
        _KINDS[kind] = factory
        return factory

    return add


def style_of(provider: Channel) -> Style:
    """The style of messages for `provider` under the settings as they are."""
    kinds = [kind for kind, factory in _KINDS.items() if factory is type(provider)]
    return style_now(kinds[0] if kinds else "")


def wire_of(message: Outgoing, style: Style) -> bytes:
    """The bytes of one message for a provider of the style's kind: what its class says in
    `wire(message, style)`, else subject, text and HTML with NUL between them. Raises ValueError
    when it cannot be written."""
    import comms.channels.registry  # noqa: F401  imports every kind once

    write = getattr(_KINDS.get(style.kind), "wire", None)
    if write is not None:
        written: bytes = write(message, style)
        return written
    return b"\x00".join(part.encode() for part in (message.subject, message.text, message.html))


@lru_cache(maxsize=64)
def provider(channel: str) -> Channel:
    """The configured provider of `channel`; raises Misconfigured when there is none."""
    import comms.channels.registry  # noqa: F401  imports every kind once

    for entry in settings.CHANNEL_PROVIDERS.get(channel, ()):
        factory = _KINDS.get(entry["kind"])
        if entry["name"] == SINK:
            raise Misconfigured(
                _("No provider may be called “%(name)s”.") % {"name": SINK},
                details={"channel": channel},
            )
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
