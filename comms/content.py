"""The exact message of one recipient: values, check code, rendering, commitment.

What was handed over can be made again byte for byte: the approved version is immutable, and
the values and the address are sealed with the delivery.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from django.conf import settings

from audit import sealing
from comms import exercises
from comms.rules import Channel
from comms.values import in_language
from core import crypto
from investors.vault import Profile
from templates_mgmt import check_line
from templates_mgmt.rendering import CompiledVariant, Rendered, compile_variant
from templates_mgmt.rules import Content, Placeholder, Source, VariantText
from templates_mgmt.selectors import ApprovedVersion

CONTEXT = "content"
_CONTEXT = CONTEXT.encode()
_text = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
PERSONAL = {Source.INVESTOR_NAME.value: "name", Source.INVESTOR_REF.value: "ref"}


@dataclass(frozen=True, slots=True)
class Wordings:
    """An approved version ready to be filled for one notice: what all recipients share is
    written in already. `personal` maps a placeholder to the key of the investor's profile that
    fills it."""

    variants: Mapping[tuple[str, str], CompiledVariant]
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
        return self.variants[channel, language].render(own)

    def own_values(self, channel: str, language: str, profile: Profile) -> dict[str, str]:
        """The personal values that this wording needs; absent ones stay absent."""
        personal = self.personal
        return {
            name: value
            for name in self.variants[channel, language].names
            if name in personal and (value := getattr(profile, personal[name]))
        }


def wordings_for(
    version: ApprovedVersion, *, code: str, values: Mapping[str, Any], exercise: bool = False
) -> Wordings:
    """Compile an approved version for a notice with check code `code` and `values`; every text of
    an `exercise` begins by saying so."""
    return _wordings(
        version.placeholders,
        version.variants.values(),
        version.facts,
        code=code,
        values=values,
        exercise=exercise,
    )


def wordings_of(
    raw: Content,
    *,
    code: str,
    values: Mapping[str, Any],
    public_url: str = "",
    exercise: bool = False,
) -> Wordings:
    """The same from content whose approval does not matter any more: what was sent was sent.
    `public_url` as it was then."""
    return _wordings(
        raw.placeholders,
        raw.variants,
        raw.facts,
        code=code,
        values=values,
        public_url=public_url,
        exercise=exercise,
    )


def _wordings(
    placeholders: Iterable[Placeholder],
    texts: Iterable[VariantText],
    facts: Mapping[str, Mapping[str, Any]],
    *,
    code: str,
    values: Mapping[str, Any],
    public_url: str = "",
    exercise: bool,
) -> Wordings:
    """Compile every text, with the check line at its end (D15) unless it names the code."""
    placeholders = tuple(placeholders)
    personal = {
        item.name: PERSONAL[item.source] for item in placeholders if item.source in PERSONAL
    }
    code_names = check_line.code_names(placeholders)
    line = check_line.values_of(code, public_url or settings.PUBLIC_URL, code_names)
    variants = {}
    for text in texts:
        sent = check_line.with_check_line(text, code_names)
        if exercise:
            sent = exercises.marked(sent)
        compiled = compile_variant(
            channel=sent.channel,
            language=sent.language,
            subject=sent.subject,
            body=sent.body,
            body_html=sent.body_html,
            facts=facts.get(sent.language, {}),
        )
        shared = in_language(values, sent.language) | line
        variants[sent.channel, sent.language] = compiled.bind(shared)
    return Wordings(variants, personal)


class Sealed(NamedTuple):
    """What is stored with a delivery: the commitment, and what re-creates the message."""

    commitment: bytes
    sealed: bytes


class Sealer:
    """Commits to messages under fresh keys, and seals each key with the address, the recipient's
    values and the `stamp` (`comms.recreating`), so that only the investor's data key opens any
    of it. One for all messages of a claim: what they share is written out once."""

    def __init__(self, stamp: Mapping[str, Any]) -> None:
        self._draw = crypto.Draws()
        self._tail = _text(dict(stamp)).replace("{", ",", 1) if stamp else "}"

    def __call__(
        self, subject_key: bytes, wire: bytes, *, to: str, own: Mapping[str, str]
    ) -> Sealed:
        """Commit to `wire`, the bytes for the provider."""
        key = self._draw(crypto.KEY_BYTES)
        values = ",".join([f"{quoted(name)}:{quoted(value)}" for name, value in own.items()])
        content = f'{{"to":{quoted(to)},"values":{{{values}}},"key":"{key.hex()}"{self._tail}'
        return Sealed(
            crypto.commitment(key, wire),
            crypto.sealer(subject_key, self._draw)(content.encode(), _CONTEXT),
        )


class Opened(NamedTuple):
    """The inverse of `seal`."""

    to: str
    own: dict[str, str]
    key: bytes
    stamp: dict[str, Any]


def open_sealed(subject_key: bytes, sealed: bytes) -> Opened:
    """What `seal` stored; raises core.crypto.SealBroken."""
    raw = json.loads(sealing.unseal_text(subject_key, sealed, context=CONTEXT))
    to, own, key = raw.pop("to"), raw.pop("values"), bytes.fromhex(raw.pop("key"))
    return Opened(to, own, key, raw)


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
