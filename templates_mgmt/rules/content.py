"""The content that an approval is about: its canonical form, its hash, what input is accepted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as part
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.canonical import canonical_bytes
from core.errors import InvalidInput
from core.texts import clean_text
from templates_mgmt.rendering import (
    CLAUSE_PREFIX,
    FACT_NAMES,
    HTML_CHANNELS,
    SUBJECT_CHANNELS,
    sanitise_html,
)
from templates_mgmt.rules.states import Category, Channel, Language


class PlaceholderType(StrEnum):
    """What a value looks like; decides how the form asks for it."""

    TEXT = "text"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    AMOUNT = "amount"


PLACEHOLDER_TYPE_LABELS = {
    PlaceholderType.TEXT: _("Text"),
    PlaceholderType.DATE: _("Date"),
    PlaceholderType.TIME: _("Time"),
    PlaceholderType.NUMBER: _("Number"),
    PlaceholderType.AMOUNT: _("Amount"),
}


class Source(StrEnum):
    """Where the value of a placeholder comes from."""

    NOTICE = "notice"
    NOTICE_CODE = "notice.code"
    INVESTOR_NAME = "investor.name"
    INVESTOR_REF = "investor.ref"


SOURCE_LABELS = {
    Source.NOTICE: _("Entered for each notice"),
    Source.NOTICE_CODE: _("Check code of the notice"),
    Source.INVESTOR_NAME: _("Investor's name"),
    Source.INVESTOR_REF: _("Investor's customer number"),
}
PERSONAL_SOURCES = frozenset({Source.INVESTOR_NAME, Source.INVESTOR_REF})

MAX_LENGTH = {"subject": 200, "body": 20_000, "body_html": 60_000}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SLUG = re.compile(r"[a-z][a-z0-9_-]{1,59}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A declared name that variants may use. `examples` are for languages where `example`, which
    stands for all others, would not do."""

    name: str
    type: str = PlaceholderType.TEXT.value
    example: str = ""
    personal: bool = False
    source: str = Source.NOTICE.value
    examples: Mapping[str, str] = part(default_factory=dict)

    def example_in(self, language: str) -> str:
        """The example that a preview in `language` shows; blank when there is none."""
        return self.examples.get(language) or self.example


@dataclass(frozen=True, slots=True)
class VariantText:
    """The words for one channel in one language."""

    channel: str
    language: str
    subject: str
    body: str
    body_html: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """All that an approval is about."""

    code: str
    category: str
    topic: str
    facts: Mapping[str, Mapping[str, Any]]
    placeholders: tuple[Placeholder, ...]
    variants: tuple[VariantText, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the facts, in the order of `Language`."""
        return tuple(language.value for language in Language if language.value in self.facts)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that have at least one variant, in the order of `Channel`."""
        used = {variant.channel for variant in self.variants}
        return tuple(channel.value for channel in Channel if channel.value in used)


def canonical_content(content: Content) -> dict[str, Any]:
    """The content as the ledger and the hash see it; the order of input does not matter."""
    return {
        "v": 1,
        "code": content.code,
        "category": content.category,
        "topic": content.topic,
        "facts": {language: dict(facts) for language, facts in content.facts.items()},
        "placeholders": [
            declaration(item) for item in sorted(content.placeholders, key=lambda item: item.name)
        ],
        "variants": [
            asdict(variant)
            for variant in sorted(content.variants, key=lambda item: (item.channel, item.language))
        ],
    }


def declaration(item: Placeholder) -> dict[str, Any]:
    """A placeholder as it is stored and hashed. `examples` is there only when there are some, so
    that the hashes of what was approved without them stay true."""
    data = asdict(item)
    if not data["examples"]:
        del data["examples"]
    return data


def content_hash(content: Content) -> str:
    """Hex SHA-256 of the RFC 8785 bytes of the canonical content (T3)."""
    return hashlib.sha256(canonical_bytes(canonical_content(content))).hexdigest()


def clean_identity(*, code: str, name: str, category: str, topic_code: str) -> dict[str, str]:
    """The fields that name a template; raises InvalidInput naming the field."""
    slugs = {"code": code.strip(), "topic_code": topic_code.strip()}
    for field, slug in slugs.items():
        if not _SLUG.fullmatch(slug):
            raise InvalidInput(
                _("“%(slug)s” must be 2 to 60 of a–z, 0–9, - and _, a letter first.")
                % {"slug": slug},
                code="bad_name",
                field=field,
            )
    title = clean_text(name, field="name", limit=120)
    if not title:
        raise InvalidInput(_("A template needs a name."), code="required", field="name")
    return {**slugs, "name": title, "category": _require_known(category, Category, "category")}


def clean_facts(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Fact blocks by language with every part present; languages left blank are dropped."""
    facts = {}
    for language, block in raw.items():
        _require_known(language, Language, "facts")
        points = [
            clean_text(point, field=f"facts.{language}.key_points", limit=500)
            for point in block.get("key_points") or []
        ]
        clean: dict[str, Any] = {
            name: clean_text(block.get(name), field=f"facts.{language}.{name}", limit=1000)
            for name in ("title", "action", "deadline", "risk")
        }
        clean["key_points"] = [point for point in points if point]
        if any(clean.values()):
            facts[language] = clean
    return facts


def clean_placeholders(raw: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Declarations with known types and sources; what comes from the investor is personal."""
    cleaned: dict[str, dict[str, Any]] = {}
    for item in raw:
        name = str(item.get("name") or "").strip()
        place = f"placeholders.{name}"
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                _("“%(name)s” is no placeholder name: a–z, 0–9 and _, at most 40, a letter first.")
                % {"name": name},
                code="bad_name",
                field="placeholders",
            )
        if name in FACT_NAMES or name.startswith(CLAUSE_PREFIX):
            raise InvalidInput(
                _("“%(name)s” is the name of a fact or a clause.") % {"name": name},
                code="reserved_name",
                field=place,
            )
        if name in cleaned:
            raise InvalidInput(
                _("“%(name)s” is declared twice.") % {"name": name}, code="duplicate", field=place
            )
        kind = _require_known(item.get("type") or PlaceholderType.TEXT, PlaceholderType, place)
        source = _require_known(item.get("source") or Source.NOTICE, Source, place)
        example = clean_text(item.get("example"), field=place, limit=200).replace("\n", " ")
        personal = bool(item.get("personal")) or source in PERSONAL_SOURCES
        examples = _clean_examples(item.get("examples") or {}, place)
        cleaned[name] = declaration(Placeholder(name, kind, example, personal, source, examples))
    return list(cleaned.values())


def _clean_examples(raw: Mapping[str, Any], place: str) -> dict[str, str]:
    given = {
        _require_known(language, Language, place): clean_text(text, field=place, limit=200)
        for language, text in raw.items()
    }
    return {
        language.value: text.replace("\n", " ")
        for language in Language
        if (text := given.get(language.value, ""))
    }


def clean_variants(raw: Iterable[Mapping[str, Any]]) -> list[VariantText]:
    """Variants with text; blank ones are dropped, HTML is sanitised, subjects are one line."""
    cleaned: dict[tuple[str, str], VariantText] = {}
    for item in raw:
        channel = _require_known(item.get("channel"), Channel, "variants")
        language = _require_known(item.get("language"), Language, "variants")
        place = f"variants.{channel}.{language}"
        texts = {
            name: clean_text(item.get(name), field=f"{place}.{name}", limit=limit)
            for name, limit in MAX_LENGTH.items()
        }
        if channel not in SUBJECT_CHANNELS:
            texts["subject"] = ""
        if channel not in HTML_CHANNELS:
            texts["body_html"] = ""
        if not any(texts.values()):
            continue
        if (channel, language) in cleaned:
            raise InvalidInput(_("This variant is given twice."), code="duplicate", field=place)
        cleaned[channel, language] = VariantText(
            channel,
            language,
            " ".join(texts["subject"].split()),
            texts["body"],
            sanitise_html(texts["body_html"]),
        )
    return list(cleaned.values())


def _require_known(value: object, kind: type[StrEnum], field: str) -> str:
    try:
        return kind(str(value)).value
    except ValueError:
        raise InvalidInput(
            _("“%(value)s” is not one of: %(known)s.")
            % {"value": value, "known": ", ".join(member.value for member in kind)},
            code="unknown_value",
            field=field,
        ) from None
