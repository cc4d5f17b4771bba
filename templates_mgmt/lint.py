"""What is wrong with a version's words, where, why, and how to mend it (T7). Pure.

An error stops submission; a warning is shown to author and reviewer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from templates_mgmt import rendering
from templates_mgmt.rendering import FACT_NAMES, SUBJECT_CHANNELS
from templates_mgmt.rules import Category, Content, Language, VariantText
from templates_mgmt.sms import sms_length
from templates_mgmt.words import FORBIDDEN, NEGATIONS_EN, NEGATIONS_ZH, ForbiddenTerm

RISK_CATEGORIES = frozenset({Category.RISK, Category.MARKETING})
SMS_WARN_SEGMENTS = 4
SMS_MAX_SEGMENTS = 10
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")

Text = str | Promise


class Severity(StrEnum):
    """Whether a finding stops submission."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding is. Blank parts mean “all”; `start` and `end` count characters."""

    channel: str = ""
    language: str = ""
    field: str = ""
    start: int | None = None
    end: int | None = None

    @property
    def ref(self) -> str:
        """The place as one word, for example `sms/zh-hans/body`."""
        return "/".join(part for part in (self.channel, self.language, self.field) if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: a stable code, the place, why it is wrong, and how to mend it."""

    code: str
    severity: Severity
    place: Place
    why: Text
    fix: Text
    excerpt: str = ""


def lint(content: Content) -> list[Finding]:
    """All findings, errors first."""
    found = [
        *_facts(content),
        *_coverage(content),
        *_placeholders(content),
        *_words(content),
        *_sms(content),
        *_risk_kept(content),
    ]
    return sorted(found, key=lambda finding: finding.severity != Severity.ERROR)


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that stop submission."""
    return [finding for finding in findings if finding.severity == Severity.ERROR]


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding for an API answer or a ledger payload."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "place": finding.place.ref,
        "start": finding.place.start,
        "end": finding.place.end,
        "why": str(finding.why),
        "fix": str(finding.fix),
        "excerpt": finding.excerpt,
    }


def sample_values(content: Content) -> dict[str, str]:
    """The examples of the placeholders; a name without one stands for itself."""
    return {item.name: item.example or f"[{item.name}]" for item in content.placeholders}


def _error(code: str, place: Place, why: Text, fix: Text, excerpt: str = "") -> Finding:
    return Finding(code, Severity.ERROR, place, why, fix, excerpt)


def _warning(code: str, place: Place, why: Text, fix: Text, excerpt: str = "") -> Finding:
    return Finding(code, Severity.WARNING, place, why, fix, excerpt)


def _facts(content: Content) -> Iterator[Finding]:
    if Language.ZH_HANS not in content.facts:
        yield _error(
            "missing_language",
            Place(language=Language.ZH_HANS, field="facts"),
            _("There is no Simplified Chinese fact block."),
            _("Fill in the facts in Simplified Chinese."),
        )
    for language in content.languages:
        facts = content.facts[language]
        if not facts.get("title"):
            yield _error(
                "missing_title",
                Place(language=language, field="title"),
                _("The fact block has no title."),
                _("Say in one line what this is about."),
            )
        if not facts.get("key_points"):
            yield _error(
                "missing_key_points",
                Place(language=language, field="key_points"),
                _("The fact block has no key points."),
                _("List what the investor must know, one point a line."),
            )
        if content.category in RISK_CATEGORIES and not facts.get("risk"):
            yield _error(
                "missing_risk",
                Place(language=language, field="risk"),
                _("This category needs a risk statement."),
                _("Write the risk statement in the fact block."),
            )


def _coverage(content: Content) -> Iterator[Finding]:
    if not content.variants:
        yield _error(
            "no_variant",
            Place(),
            _("There is no text for any channel."),
            _("Write at least one channel."),
        )
    have = {(variant.channel, variant.language) for variant in content.variants}
    for channel in content.channels:
        for language in content.languages:
            if (channel, language) not in have:
                yield _error(
                    "missing_variant",
                    Place(channel, language),
                    _("This channel is written in another language but not in this one."),
                    _("Write it, or take the channel out of all languages."),
                )
    for variant in content.variants:
        place = Place(variant.channel, variant.language)
        if variant.language not in content.facts:
            yield _error(
                "missing_facts",
                place,
                _("There is no fact block in the language of this text."),
                _("Fill in the facts in this language."),
            )
        if not variant.body:
            yield _error(
                "missing_body",
                Place(variant.channel, variant.language, "body"),
                _("The text is blank; the HTML alone is not enough."),
                _("Write the plain text."),
            )
        if variant.channel in SUBJECT_CHANNELS and not variant.subject:
            yield _error(
                "missing_subject",
                Place(variant.channel, variant.language, "subject"),
                _("The subject is blank."),
                _("Write one; {{ title }} takes the title from the facts."),
            )


def _placeholders(content: Content) -> Iterator[Finding]:
    declared = {item.name: item for item in content.placeholders}
    used: set[str] = set()
    for variant, place, text in _texts(content):
        for start, end in rendering.stray_braces(text):
            yield _error(
                "bad_placeholder",
                Place(*place, start, end),
                _("These braces are no placeholder: only {{ name }} is known."),
                _("Write {{ name }} with a declared name, or take the braces out."),
                text[start : end + 20],
            )
        for match in rendering.PLACEHOLDER.finditer(text):
            name = match.group(1)
            used.add(name)
            known = name in declared or rendering.fact_text(
                content.facts.get(variant.language, {}), name
            )
            if not known:
                yield _undeclared(name, Place(*place, *match.span()), match.group())
            elif place[2] == "subject" and name in declared and declared[name].personal:
                yield _warning(
                    "personal_subject",
                    Place(*place, *match.span()),
                    _("Subjects show on locked screens; this one holds personal data."),
                    _("Use the value in the text only."),
                    match.group(),
                )
        if place[2] == "body_html":
            for start, end in rendering.placeholders_in_tags(text):
                yield _error(
                    "placeholder_in_tag",
                    Place(*place, start, end),
                    _("A placeholder cannot stand inside an HTML tag."),
                    _("Put it into the text between the tags."),
                    text[start:end],
                )
    for language in content.languages:
        used.update(_names_in_facts(content.facts[language]))
    for item in content.placeholders:
        if item.name not in used:
            yield _warning(
                "unused_placeholder",
                Place(field=f"placeholders.{item.name}"),
                _("“%(name)s” is declared but never used.") % {"name": item.name},
                _("Use it or take it out."),
            )
        if not item.example:
            yield _warning(
                "missing_example",
                Place(field=f"placeholders.{item.name}"),
                _("“%(name)s” has no example.") % {"name": item.name},
                _("Give one, so that the preview looks like the real message."),
            )


def _undeclared(name: str, place: Place, excerpt: str) -> Finding:
    if name in FACT_NAMES:
        return _error(
            "blank_fact",
            place,
            _("The text uses the fact “%(name)s”, which is blank.") % {"name": name},
            _("Fill in the fact, or take it out of the text."),
            excerpt,
        )
    return _error(
        "undeclared_placeholder",
        place,
        _("“%(name)s” is not declared.") % {"name": name},
        _("Declare it with a type and an example, or correct the name."),
        excerpt,
    )


def _names_in_facts(facts: Mapping[str, Any]) -> set[str]:
    return {
        name
        for fact in FACT_NAMES
        for name in rendering.placeholder_names(rendering.fact_text(facts, fact))
    }


def _words(content: Content) -> Iterator[Finding]:
    for _variant, place, text in _texts(content):
        yield from _forbidden(text, place)
    for language in content.languages:
        for fact in FACT_NAMES:
            text = rendering.fact_text(content.facts[language], fact)
            yield from _forbidden(text, ("", language, fact))


def _forbidden(text: str, place: tuple[str, str, str]) -> Iterator[Finding]:
    for term, start, end in forbidden_words(text):
        yield _error(
            "forbidden_word", Place(*place, start, end), term.why, term.fix, text[start:end]
        )


def forbidden_words(text: str) -> list[tuple[ForbiddenTerm, int, int]]:
    """Forbidden terms in `text` with their places; the longest where several overlap.

    Full-width forms, case, and blanks or punctuation put between Chinese characters do not
    hide a term; a plain negation before it (“不保本”, “not guaranteed”) excuses it.
    """
    folded, places = _fold(text)
    dense = [index for index, char in enumerate(folded) if char.isalnum()]
    packed = "".join(folded[index] for index in dense)
    hits = []
    for term, pattern in _patterns():
        cjk = bool(_CJK.search(term.term))
        for match in pattern.finditer(packed if cjk else folded):
            first, last = match.start(), match.end() - 1
            before = (packed if cjk else folded)[:first]
            if before.rstrip(" -\n").endswith(NEGATIONS_ZH if cjk else NEGATIONS_EN):
                continue
            if cjk:
                first, last = dense[first], dense[last]
            hits.append((term, places[first], places[last] + 1))
    hits.sort(key=lambda hit: (hit[1], -hit[2]))
    kept: list[tuple[ForbiddenTerm, int, int]] = []
    for hit in hits:
        if not kept or hit[1] >= kept[-1][2]:
            kept.append(hit)
    return kept


@cache
def _patterns() -> tuple[tuple[ForbiddenTerm, re.Pattern[str]], ...]:
    return tuple(
        (
            term,
            re.compile(
                re.escape(term.term)
                if _CJK.search(term.term)
                else r"\b" + re.escape(term.term).replace(r"\ ", r"[\s-]+") + r"\b"
            ),
        )
        for term in FORBIDDEN
    )


def _fold(text: str) -> tuple[str, list[int]]:
    """`text` in compatibility form and small letters, and each character's place in `text`."""
    chars: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        for folded in unicodedata.normalize("NFKC", char).casefold().replace("’", "'"):
            chars.append(folded)
            places.append(index)
    return "".join(chars), places


def _sms(content: Content) -> Iterator[Finding]:
    values = sample_values(content)
    for variant in content.variants:
        if variant.channel != "sms":
            continue
        facts = content.facts.get(variant.language, {})
        text = sample_text(variant, facts, values)
        length = sms_length(text)
        if length.segments <= SMS_WARN_SEGMENTS:
            continue
        make = _error if length.segments > SMS_MAX_SEGMENTS else _warning
        yield make(
            "sms_length",
            Place(variant.channel, variant.language, "body"),
            _("With the examples filled in this is %(segments)s parts (%(encoding)s).")
            % {"segments": length.segments, "encoding": length.encoding},
            _("Shorten it; send the details by e-mail or inbox."),
        )


def sample_text(variant: VariantText, facts: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """The plain text with facts and examples filled in, whatever else is wrong with it."""
    known = {name: rendering.fact_text(facts, name) for name in FACT_NAMES}
    return rendering.expand(rendering.expand(variant.body, known), values)


def _risk_kept(content: Content) -> Iterator[Finding]:
    """Every text keeps the mandatory risk statement, as {{ risk }} or word for word (T6)."""
    if content.category not in RISK_CATEGORIES:
        return
    for variant, place, text in _texts(content):
        risk = rendering.fact_text(content.facts.get(variant.language, {}), "risk")
        if place[2] == "subject" or not risk or not text:
            continue
        if "risk" in rendering.placeholder_names(text) or _bare(risk) in _bare(text):
            continue
        yield _error(
            "risk_dropped",
            Place(*place),
            _("This text leaves out the risk statement of the facts."),
            _("Put {{ risk }} where the statement shall stand."),
        )


def _bare(text: str) -> str:
    return "".join(char for char in _fold(re.sub(r"<[^>]*>", "", text))[0] if char.isalnum())


def _texts(content: Content) -> Iterator[tuple[VariantText, tuple[str, str, str], str]]:
    for variant in content.variants:
        for field in ("subject", "body", "body_html"):
            text = getattr(variant, field)
            if text:
                yield variant, (variant.channel, variant.language, field), text
