"""Findings about how a text reads: sentences, rare characters, walls of text, length. Pure.

English: the grade of Kincaid, Fishburne, Rogers and Chissom, “Derivation of New Readability
Formulas” (Research Branch Report 8-75, 1975): 0.39 words per sentence + 11.8 syllables per word
- 15.59. Syllables are counted as groups of vowels, which is within a few per cent for prose.
Chinese has no such grade that everybody uses. Two of the features that readability research on it
agrees on (Yang, “A Readability Formula for Chinese Language”, 1971; Sung et al., “CRIE”, Behavior
Research Methods 48, 2016) are measured: characters per sentence, and the share of characters that
are not common: outside level 1 of GB 2312-80, for Traditional Chinese outside that of Big5.

Placeholders count as one word. Colour contrast, images without a text, scripts, trackers and forms
need no finding: the restricted HTML has no styles, images, scripts or forms at all
(`rendering.sanitise_html` takes them out when a draft is saved, and says so).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_mgmt import rendering
from templates_mgmt.lint.base import Finding, Place, warning
from templates_mgmt.rules import Content, Language

GRADE_LIMIT = 14.0  # school years
WORDS_LEAST = 30  # below that a grade means nothing
SENTENCE_LIMIT = 50  # Chinese characters, on average
RARE_LIMIT = 0.05  # of the Chinese characters
CHARS_LEAST = 60
WALL_WORDS, WALL_CHARS = 120, 240  # one paragraph
SUBJECT_WORDS_CHARS, SUBJECT_CHARS = 78, 40  # RFC 5322, 2.1.1; what a phone shows of it
BODY_LIMITS = {"email": 6_000, "inbox": 4_000}

_SENTENCE = re.compile(r"[.!?;:]+(?:\s|$)|[。！？；：]+|\n+")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_TAG = re.compile(r"<[^>]*>")


def findings(content: Content) -> Iterator[Finding]:
    """What makes a text hard to read."""
    for variant in content.variants:
        known = rendering.fact_texts(content.facts.get(variant.language, {}))
        text = rendering.expand(variant.body, known)
        place = Place(variant.channel, variant.language, "body")
        chinese = variant.language != Language.EN
        yield from _chinese(text, place) if chinese else _english(text, place)
        if variant.channel in BODY_LIMITS:
            yield from _walls(text, place, chinese=chinese)
            yield from _length(text, place)
        subject = rendering.expand(variant.subject, known)
        limit = SUBJECT_CHARS if chinese else SUBJECT_WORDS_CHARS
        if len(subject) > limit:
            yield warning(
                "long_subject",
                Place(variant.channel, variant.language, "subject"),
                format_lazy(
                    _("The subject has {length} characters; lists show about {limit}."),
                    length=len(subject),
                    limit=limit,
                ),
                _("Say the most important thing in fewer words."),
            )


@lru_cache(maxsize=4096)
def grade(text: str) -> float | None:
    """The Flesch–Kincaid grade of an English text; None below WORDS_LEAST words."""
    plain = rendering.PLACEHOLDER.sub(" it ", text)
    words = _WORD.findall(plain)
    if len(words) < WORDS_LEAST:
        return None
    sentences = sum(1 for part in _SENTENCE.split(plain) if _WORD.search(part))
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / max(1, sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    small = word.casefold()
    count = len(_VOWELS.findall(small))
    return max(1, count - (small.endswith("e") and not small.endswith("le")))


@lru_cache(maxsize=4096)
def measures(text: str, traditional: bool = False) -> tuple[float, float] | None:
    """Chinese characters per sentence, and the share of uncommon ones; None below CHARS_LEAST."""
    characters = _HAN.findall(text)
    if len(characters) < CHARS_LEAST:
        return None
    sentences = sum(1 for part in _SENTENCE.split(text) if _HAN.search(part))
    rare = sum(not _is_common(char, traditional) for char in characters)
    return len(characters) / max(1, sentences), rare / len(characters)


@lru_cache(maxsize=8192)
def _is_common(char: str, traditional: bool) -> bool:
    codec, first, last = ("big5", 0xA4, 0xC6) if traditional else ("gb2312", 0xB0, 0xD7)
    try:
        return first <= char.encode(codec)[0] <= last
    except UnicodeEncodeError:
        return False


def _english(text: str, place: Place) -> Iterator[Finding]:
    found = grade(text)
    if found is not None and found > GRADE_LIMIT:
        yield warning(
            "hard_to_read",
            place,
            format_lazy(
                _("Flesch–Kincaid grade {grade}: this takes that many school years to read."),
                grade=round(found),
            ),
            _("Use shorter sentences and more common words."),
        )


def _chinese(text: str, place: Place) -> Iterator[Finding]:
    found = measures(text, place.language == Language.ZH_HANT)
    if found is None:
        return
    length, rare = found
    if length > SENTENCE_LIMIT:
        yield warning(
            "long_sentences",
            place,
            format_lazy(
                _("A sentence has {length} characters on average; {limit} read well."),
                length=round(length),
                limit=SENTENCE_LIMIT,
            ),
            _("Divide the sentences."),
        )
    if rare > RARE_LIMIT:
        yield warning(
            "rare_characters",
            place,
            format_lazy(_("{share} % of the characters are uncommon."), share=round(100 * rare)),
            _("Use more common words."),
        )


def _walls(text: str, place: Place, *, chinese: bool) -> Iterator[Finding]:
    for block in re.split(r"\n\s*\n|\n(?=•)", text):
        size = len(_HAN.findall(block)) if chinese else len(_WORD.findall(block))
        if size > (WALL_CHARS if chinese else WALL_WORDS):
            yield warning(
                "wall_of_text",
                place,
                _("A paragraph is very long and has no break."),
                _("Divide it with a blank line, or use key points."),
                block[:40],
            )


def _length(text: str, place: Place) -> Iterator[Finding]:
    limit = BODY_LIMITS[place.channel]
    if len(text) > limit:
        yield warning(
            "long_text",
            place,
            format_lazy(
                _("The text has {length} characters; at most {limit} are read in this channel."),
                length=len(text),
                limit=limit,
            ),
            _("Shorten it, and link to the details."),
        )
