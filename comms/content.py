"""The exact message of one recipient: values, check code, rendering, commitment.

What was handed over can be made again byte for byte: the approved version is immutable, and
the values and the address are sealed with the delivery.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings

from audit import sealing
from comms.rules import Channel
from core import crypto
from investors.vault import Profile
from templates_mgmt.rendering import CompiledVariant, Rendered, compile_variant, placeholder_names
from templates_mgmt.rules import Content, Placeholder, Source, VariantText
from templates_mgmt.selectors import ApprovedVersion

CONTEXT = "content"
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
PERSONAL = {Source.INVESTOR_NAME.value: "name", Source.INVESTOR_REF.value: "ref"}
_CHECK_LINES = {
    "zh-hans": "核验码 {{ check_code }}，真伪查询 {{ check_url }}",
    "zh-hant": "核驗碼 {{ check_code }}，真偽查詢 {{ check_url }}",
    "en": "Check code {{ check_code }}. Is this really us? {{ check_url }}",
}
_CHECK_NAMES = frozenset({"check_code", "check_url"})


@dataclass(frozen=True, slots=True)
class Wordings:
    """An approved version ready to be filled for one notice.

    `shared` are the values that all recipients share; `personal` maps a placeholder to the key
    of the investor's profile that fills it.
    """

    variants: Mapping[tuple[str, str], CompiledVariant]
    shared: Mapping[str, str]
    personal: Mapping[str, str]

    def languages(self, channel: Channel) -> dict[str, frozenset[str]]:
        """The languages of a channel, and the personal placeholders each needs."""
        return {
            language: frozenset(self.personal).intersection(variant.names)
            for (of, language), variant in self.variants.items()
            if of == channel.value
        }

    def render(self, channel: str, language: str, own: Mapping[str, str]) -> Rendered:
        """One message; `own` are the recipient's values by placeholder. Raises MissingValue."""
        return self.variants[channel, language].render({**self.shared, **own})

    def own_values(self, channel: str, language: str, profile: Profile) -> dict[str, str]:
        """The personal values that this wording needs; absent ones stay absent."""
        names = self.variants[channel, language].names
        return {
            name: value
            for name, key in self.personal.items()
            if name in names and (value := getattr(profile, key))
        }


def wordings_for(version: ApprovedVersion, *, code: str, values: Mapping[str, Any]) -> Wordings:
    """Compile an approved version for a notice with check code `code` and `values`."""
    return _wordings(
        version.placeholders, version.variants.values(), version.facts, code=code, values=values
    )


def wordings_of(raw: Content, *, code: str, values: Mapping[str, Any]) -> Wordings:
    """The same from content whose approval does not matter any more: what was sent was sent."""
    return _wordings(raw.placeholders, raw.variants, raw.facts, code=code, values=values)


def _wordings(
    placeholders: Iterable[Placeholder],
    texts: Iterable[VariantText],
    facts: Mapping[str, Mapping[str, Any]],
    *,
    code: str,
    values: Mapping[str, Any],
) -> Wordings:
    """Compile every text.

    Every message ends with the check line (D15) unless its text names the code itself.
    """
    shared = {name: str(value) for name, value in values.items()}
    personal = {}
    own_line = set(_CHECK_NAMES)
    for placeholder in placeholders:
        if placeholder.source in PERSONAL:
            personal[placeholder.name] = PERSONAL[placeholder.source]
        elif placeholder.source == Source.NOTICE_CODE:
            shared[placeholder.name] = code
            own_line.add(placeholder.name)
    shared["check_code"] = code
    shared["check_url"] = f"{settings.PUBLIC_URL}/check"
    variants = {}
    for text in texts:
        channel, language = text.channel, text.language
        body, html = text.body, text.body_html
        if own_line.isdisjoint(placeholder_names(body)):
            line = _CHECK_LINES[language]
            body = f"{body}\n{line}" if channel == Channel.SMS else f"{body}\n\n{line}"
            html = f"{html}<p>{line}</p>" if html.strip() else ""
        variants[channel, language] = compile_variant(
            channel=channel,
            language=language,
            subject=text.subject,
            body=body,
            body_html=html,
            facts=facts.get(language, {}),
        )
    return Wordings(variants, shared, personal)


def canonical(message: Rendered) -> bytes:
    """The bytes that the commitment binds: subject, text and HTML, NUL between them."""
    return b"\x00".join(part.encode() for part in (message.subject, message.text, message.html))


class Sealed(NamedTuple):
    """What is stored with a delivery: the commitment, and what re-creates the message."""

    commitment: bytes
    sealed: bytes


def seal(subject_key: bytes, message: Rendered, *, to: str, own: Mapping[str, str]) -> Sealed:
    """Commit to `message` under a fresh key, and seal that key with the address and the
    recipient's values, so that only the investor's data key opens any of it."""
    key = crypto.new_key()
    content = _encode({"to": to, "values": own, "key": key.hex()})
    return Sealed(
        crypto.commitment(key, canonical(message)),
        sealing.seal_text(subject_key, content, context=CONTEXT),
    )


def matches(message: Rendered, key: bytes, commitment: bytes) -> bool:
    """Whether `message` is the one that was committed to."""
    return crypto.commitment(key, canonical(message)) == commitment


class Opened(NamedTuple):
    """The inverse of `seal`."""

    to: str
    own: dict[str, str]
    key: bytes


def open_sealed(subject_key: bytes, sealed: bytes) -> Opened:
    """What `seal` stored; raises core.crypto.SealBroken."""
    raw = json.loads(sealing.unseal_text(subject_key, sealed, context=CONTEXT))
    return Opened(raw["to"], raw["values"], bytes.fromhex(raw["key"]))


def check_code(random: bytes) -> str:
    """Eight letters and digits without look-alikes, from 5 random bytes, as XXXX-XXXX."""
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    number = int.from_bytes(random[:5], "big")
    letters = "".join(alphabet[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"


def headers_of(code: str, *, mandatory: bool) -> dict[str, str]:
    """Headers for channels that have some: the check code, and whether one-click works."""
    headers = {"Vouchsafe-Check-Code": code}
    if mandatory:
        headers["Vouchsafe-Mandatory"] = "yes"
    return headers


def new_code() -> str:
    """A fresh check code."""
    return check_code(crypto.new_key())
