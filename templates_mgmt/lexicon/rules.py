"""Word lists as the rules see them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.utils.functional import Promise, lazystr
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from templates_mgmt.lexicon.matching import Hit, Matcher, Term, pack
from templates_mgmt.rules import Language, clean_text

MAX_TERMS = 20_000
MAX_EXAMPLES = 500


class Severity(StrEnum):
    """Whether a hit stops submission unless it is justified, or only warns."""

    ERROR = "error"
    WARNING = "warning"


SEVERITY_LABELS = {
    Severity.ERROR: _("Stops submission"),
    Severity.WARNING: _("Warns"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A text that compliance keeps with a list, and whether the list must find something."""

    text: str
    hit: bool


@dataclass(frozen=True)
class Words:
    """The content of one version of a list. `why` and `fix` are texts by language."""

    code: str
    severity: str
    why: Mapping[str, str]
    fix: Mapping[str, str]
    terms: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @cached_property
    def matcher(self) -> Matcher:
        """Finds this list's terms."""
        return Matcher((Term(text, self.code) for text in self.terms), {self.code: self.exceptions})


@dataclass(frozen=True)
class Lexicon:
    """The lists in force, ready to be looked for in one pass."""

    lists: tuple[Words, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Words]:
        """The lists by code."""
        return {words.code: words for words in self.lists}

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(
            (Term(text, words.code) for words in self.lists for text in words.terms),
            {words.code: words.exceptions for words in self.lists},
        )

    def find(self, text: str) -> list[Hit]:
        """Hits of any list, by place."""
        return self._matcher.find(text)


def in_reader_language(texts: Mapping[str, str]) -> Promise:
    """The text in the language of whoever reads it, else in any that there is."""

    def chosen() -> str:
        language = (get_language() or "").lower()
        return texts.get(language) or next((text for text in texts.values() if text), "")

    return lazystr(_Spoken(chosen))


class _Spoken:
    """Text that is chosen when it is shown."""

    def __init__(self, choose: Any) -> None:
        self._choose = choose

    def __str__(self) -> str:
        return str(self._choose())


def canonical(words: Words) -> dict[str, Any]:
    """The content as the ledger and the hash see it."""
    return {
        "v": 1,
        "code": words.code,
        "severity": words.severity,
        "why": dict(words.why),
        "fix": dict(words.fix),
        "terms": list(words.terms),
        "exceptions": list(words.exceptions),
        "examples": [{"text": item.text, "hit": item.hit} for item in words.examples],
    }


def wrong_examples(words: Words) -> list[tuple[int, Example]]:
    """Number (from 1) and text of each example that does not come out as it says."""
    return [
        (number, example)
        for number, example in enumerate(words.examples, 1)
        if bool(words.matcher.find(example.text)) != example.hit
    ]


# --- input ----------------------------------------------------------------------------------


def clean_terms(raw: Iterable[str], *, field: str) -> list[str]:
    """Terms without repeats and blanks, sorted; raises InvalidInput naming the line."""
    kept: dict[str, str] = {}
    for number, line in enumerate(raw, 1):
        term = " ".join(clean_text(line, field=f"{field}.{number}", limit=100).split())
        if not term:
            continue
        if not pack(term).letters:
            raise InvalidInput(
                _("Line %(number)s: “%(term)s” has neither letters nor digits.")
                % {"number": number, "term": term},
                code="empty_term",
                field=field,
            )
        kept.setdefault(term, term)
    if len(kept) > MAX_TERMS:
        raise InvalidInput(
            _("%(count)s terms are too many; at most %(limit)s.")
            % {"count": len(kept), "limit": MAX_TERMS},
            code="too_many",
            field=field,
        )
    return sorted(kept)


def clean_examples(raw: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Examples with text; raises InvalidInput when there are too many."""
    cleaned = [
        {"text": text, "hit": bool(item.get("hit"))}
        for number, item in enumerate(raw, 1)
        if (text := clean_text(item.get("text"), field=f"examples.{number}", limit=2000))
    ]
    if len(cleaned) > MAX_EXAMPLES:
        raise InvalidInput(
            _("%(count)s examples are too many; at most %(limit)s.")
            % {"count": len(cleaned), "limit": MAX_EXAMPLES},
            code="too_many",
            field="examples",
        )
    return cleaned


def clean_texts(raw: Mapping[str, str], *, field: str) -> dict[str, str]:
    """Texts by language; Simplified Chinese and English are both needed."""
    cleaned = {}
    for language in (Language.ZH_HANS, Language.EN):
        text = clean_text(raw.get(language.value), field=f"{field}.{language}", limit=500)
        if not text:
            raise InvalidInput(
                _("Say this in Simplified Chinese and in English."),
                code="required",
                field=f"{field}.{language}",
            )
        cleaned[language.value] = text
    return cleaned


def parse_examples(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Examples from lines: `+ text` must be found, `- text` must not; raises InvalidInput."""
    examples: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        sign, text = line.strip()[0], line.strip()[1:].strip()
        if sign not in "+-" or not text:
            raise InvalidInput(
                _("Line %(number)s must begin with + (must be found) or - (must not), then a text.")
                % {"number": number},
                code="bad_example",
                field="examples",
            )
        examples.append({"text": text, "hit": sign == "+"})
    return examples
