"""Whether every text keeps the facts (T6): what it drops, what it contradicts. Pure.

A fact's values (dates, times, amounts …, and placeholders that stand for such) must be in every
text of its language when they belong to title, action, deadline or risk; a text may not say
another one instead, nor turn a “not” round. The fact blocks of the languages must agree.
What is said in words alone is compared by negations only; its meaning is for the reviewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from templates_mgmt import rendering
from templates_mgmt.rendering import FACT_NAMES
from templates_mgmt.rules.content import Content, PlaceholderType, VariantText
from templates_mgmt.writing.negations import Flip, flips
from templates_mgmt.writing.values import Kind, Value, fold, same, values

MANDATORY = ("title", "action", "deadline", "risk")
SAID_KINDS = frozenset({Kind.DATE, Kind.TIME, Kind.AMOUNT, Kind.PERCENT, Kind.PHONE})
_KIND_OF_TYPE = {
    PlaceholderType.DATE: Kind.DATE,
    PlaceholderType.TIME: Kind.TIME,
    PlaceholderType.AMOUNT: Kind.AMOUNT,
    PlaceholderType.NUMBER: Kind.NUMBER,
}
_TAG = re.compile(r"<[^>]*>")
_COMMON = frozenset({"please", "your", "this", "that", "with", "from", "have", "will", "call"})
_LEAST_WORD = 4
_POLITE = frozenset("请您的了在或与和及为并将可我们如有")


@dataclass(frozen=True, slots=True)
class FactValue:
    """A value in a fact block; `kind` is what a placeholder stands for, else the value's own."""

    field: str
    value: Value
    kind: Kind
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A mandatory value that a text leaves out."""

    channel: str
    language: str
    fact: FactValue


@dataclass(frozen=True, slots=True)
class Odd:
    """A value in a text that the facts do not have; `instead` of one of theirs when that is
    missing."""

    channel: str
    language: str
    field: str
    value: Value
    instead: Value | None


@dataclass(frozen=True, slots=True)
class Turned:
    """A text that denies what the facts say, or says what they deny."""

    channel: str
    language: str
    field: str
    flip: Flip


@dataclass(frozen=True, slots=True)
class Unequal:
    """A value in one language's fact that another language's facts lack; `other` stands there."""

    language: str
    other_language: str
    fact: FactValue
    other: Value | None


def fact_values(content: Content, language: str) -> list[FactValue]:
    """The values of one language's fact block, in the order of the facts, each once."""
    types = {item.name: item.type for item in content.placeholders}
    found: list[FactValue] = []
    for field in FACT_NAMES:
        text = rendering.fact_text(content.facts.get(language, {}), field)
        for value in _all_values(text):
            kind = value.kind
            mandatory = field in MANDATORY and (field != "action" or kind in SAID_KINDS)
            if kind == Kind.PLACEHOLDER:
                kind = _KIND_OF_TYPE.get(
                    PlaceholderType(types.get(value.key[0], "text")), Kind.PLACEHOLDER
                )
                mandatory = field == "title" or (
                    field in MANDATORY and kind in SAID_KINDS | {Kind.NUMBER}
                )
            known = [item for item in found if same(item.value, value)]
            if not known or (mandatory and not any(item.mandatory for item in known)):
                found = [item for item in found if item not in known]
                found.append(FactValue(field, value, kind, mandatory))
    return found


def dropped(content: Content) -> Iterator[Dropped]:
    """The mandatory values that a text leaves out."""
    for variant in content.variants:
        has = said(content, variant)
        for fact in fact_values(content, variant.language):
            if variant.body and fact.mandatory and not _within(fact.value, has):
                yield Dropped(variant.channel, variant.language, fact)


def odd(content: Content) -> Iterator[Odd]:
    """The values in texts that their facts do not have."""
    for variant in content.variants:
        block = content.facts.get(variant.language, {})
        facts = fact_values(content, variant.language)
        clauses = [
            value
            for name, text in rendering.fact_texts(block).items()
            if name.startswith(rendering.CLAUSE_PREFIX)
            for value in values(text)
        ]
        known = [fact.value for fact in facts] + clauses
        has = said(content, variant)
        for field, text in _fields(variant):
            for value in values(text):
                if _within(value, known):
                    continue
                missing = [
                    fact.value
                    for fact in facts
                    if fact.kind == value.kind and not _within(fact.value, has)
                ]
                if missing or value.kind in SAID_KINDS:
                    yield Odd(
                        variant.channel,
                        variant.language,
                        field,
                        value,
                        missing[0] if missing else None,
                    )


def turned(content: Content) -> Iterator[Turned]:
    """The texts that turn a “not” of the facts round."""
    for variant in content.variants:
        block = content.facts.get(variant.language, {})
        facts = "\n".join(rendering.fact_texts(block).values())
        for field, text in _fields(variant):
            for flip in flips(facts, text, chinese=variant.language.startswith("zh")):
                yield Turned(variant.channel, variant.language, field, flip)


def unequal(content: Content) -> Iterator[Unequal]:
    """Where the fact blocks of two languages do not have the same values."""
    blocks = {language: fact_values(content, language) for language in content.languages}
    for language, facts in blocks.items():
        for other_language, others in blocks.items():
            if other_language == language:
                continue
            have = [item.value for item in others]
            mine = [item.value for item in facts]
            for fact in facts:
                if _within(fact.value, have):
                    continue
                counterpart = next(
                    (
                        item.value
                        for item in others
                        if item.kind == fact.kind and not _within(item.value, mine)
                    ),
                    None,
                )
                yield Unequal(language, other_language, fact, counterpart)


def action_kept(content: Content, variant: VariantText) -> bool:
    """Whether a text says anything of the action needed: the fact itself, one of its
    placeholders or values, or words of it."""
    action = rendering.fact_text(content.facts.get(variant.language, {}), "action")
    if not action or not variant.body:
        return True
    has = said(content, variant)
    if any(_within(value, has) for value in _all_values(action)):
        return True
    words = _content_words(action)
    return not words or bool(words & _content_words(_expanded(content, variant)))


def said(content: Content, variant: VariantText) -> list[Value]:
    """All that a text says when its facts are written in: its values and placeholders."""
    return _all_values(_expanded(content, variant))


def _expanded(content: Content, variant: VariantText) -> str:
    known = rendering.fact_texts(content.facts.get(variant.language, {}))
    return "\n".join(rendering.expand(text, known) for _field, text in _fields(variant))


def _fields(variant: VariantText) -> list[tuple[str, str]]:
    """Subject and text; own HTML without its tags, which keep their places as blanks."""
    html = _TAG.sub(lambda tag: " " * len(tag.group()), variant.body_html)
    fields = [("subject", variant.subject), ("body", variant.body), ("body_html", html)]
    return [(name, text) for name, text in fields if text.strip()]


def _all_values(text: str) -> list[Value]:
    names = [
        Value(Kind.PLACEHOLDER, (match.group(1),), match.group(), *match.span())
        for match in rendering.PLACEHOLDER.finditer(text)
    ]
    return [*names, *values(text)]


def _within(value: Value, among: list[Value]) -> bool:
    return any(same(value, item) for item in among)


def _content_words(text: str) -> set[str]:
    folded = fold(rendering.PLACEHOLDER.sub(" ", text))[0]
    words = {
        word
        for word in re.findall(r"[a-z]+", folded)
        if len(word) >= _LEAST_WORD and word not in _COMMON
    }
    for run in re.findall(r"[\u3400-\u9fff]+", folded):
        words.update("".join(pair) for pair in pairwise(run) if not set(pair) & _POLITE)
    return words


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether a text says a value of the facts."""

    channel: str
    language: str
    said: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One value across languages and channels: as each fact block writes it, and who says it."""

    kind: Kind
    mandatory: bool
    written: Mapping[str, str]
    cells: tuple[Cell, ...]


def table(content: Content) -> list[Row]:
    """All values of the facts against all texts, for people to look at side by side."""
    merged: list[tuple[FactValue, dict[str, str]]] = []
    for language in content.languages:
        for fact in fact_values(content, language):
            entry = next((item for item in merged if same(item[0].value, fact.value)), None)
            if entry is None:
                merged.append((fact, {language: fact.value.text}))
            else:
                entry[1][language] = fact.value.text
    has = {(v.channel, v.language): said(content, v) for v in content.variants}
    return [
        Row(
            fact.kind,
            fact.mandatory,
            written,
            tuple(
                Cell(channel, language, _within(fact.value, has[channel, language]))
                for channel, language in columns(content)
            ),
        )
        for fact, written in merged
    ]


def _columns(content: Content) -> list[tuple[str, str]]:
    written = {(variant.channel, variant.language) for variant in content.variants}
    return [
        (channel, language)
        for channel in content.channels
        for language in content.languages
        if (channel, language) in written
    ]


def columns(content: Content) -> list[tuple[str, str]]:
    """The texts in the order of a row's cells."""
    written = {(variant.channel, variant.language) for variant in content.variants}
    return [
        (channel, language)
        for channel in content.channels
        for language in content.languages
        if (channel, language) in written
    ]
