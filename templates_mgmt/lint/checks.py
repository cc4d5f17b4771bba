"""The checks of facts, coverage, placeholders, listed words, length and risk statement. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from templates_mgmt import rendering
from templates_mgmt.lexicon.rules import Lexicon, in_reader_language
from templates_mgmt.lint.base import Finding, Place, Severity, error, warning
from templates_mgmt.rendering import CLAUSE_PREFIX, FACT_NAMES, SUBJECT_CHANNELS
from templates_mgmt.rules import Category, Content, Language, VariantText
from templates_mgmt.sms import sms_length
from templates_mgmt.writing.values import fold

RISK_CATEGORIES = frozenset({Category.RISK, Category.MARKETING})
SMS_WARN_SEGMENTS = 4
SMS_MAX_SEGMENTS = 10


def findings(content: Content, lexicon: Lexicon) -> Iterator[Finding]:
    """What these checks find."""
    yield from _facts(content)
    yield from _coverage(content)
    yield from _placeholders(content)
    yield from _words(content, lexicon)
    yield from _sms(content)
    yield from _risk_kept(content)


def sample_values(content: Content, language: str = "") -> dict[str, str]:
    """The examples of the placeholders in `language`; a name without one stands for itself."""
    return {
        item.name: item.example_in(language) or f"[{item.name}]" for item in content.placeholders
    }


def _facts(content: Content) -> Iterator[Finding]:
    if Language.ZH_HANS not in content.facts:
        yield error(
            "missing_language",
            Place(language=Language.ZH_HANS, field="facts"),
            _("There is no Simplified Chinese fact block."),
            _("Fill in the facts in Simplified Chinese."),
        )
    for language in content.languages:
        facts = content.facts[language]
        if not facts.get("title"):
            yield error(
                "missing_title",
                Place(language=language, field="title"),
                _("The fact block has no title."),
                _("Say in one line what this is about."),
            )
        if not facts.get("key_points"):
            yield error(
                "missing_key_points",
                Place(language=language, field="key_points"),
                _("The fact block has no key points."),
                _("List what the investor must know, one point a line."),
            )
        if content.category in RISK_CATEGORIES and not facts.get("risk"):
            yield error(
                "missing_risk",
                Place(language=language, field="risk"),
                _("This category needs a risk statement."),
                _("Write the risk statement in the fact block."),
            )


def _coverage(content: Content) -> Iterator[Finding]:
    if not content.variants:
        yield error(
            "no_variant",
            Place(),
            _("There is no text for any channel."),
            _("Write at least one channel."),
        )
    have = {(variant.channel, variant.language) for variant in content.variants}
    for channel in content.channels:
        for language in content.languages:
            if (channel, language) not in have:
                yield error(
                    "missing_variant",
                    Place(channel, language),
                    _("This channel is written in another language but not in this one."),
                    _("Write it, or take the channel out of all languages."),
                )
    for variant in content.variants:
        place = Place(variant.channel, variant.language)
        if variant.language not in content.facts:
            yield error(
                "missing_facts",
                place,
                _("There is no fact block in the language of this text."),
                _("Fill in the facts in this language."),
            )
        if not variant.body:
            yield error(
                "missing_body",
                Place(variant.channel, variant.language, "body"),
                _("The text is blank; the HTML alone is not enough."),
                _("Write the plain text."),
            )
        if variant.channel in SUBJECT_CHANNELS and not variant.subject:
            yield error(
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
            yield error(
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
                yield warning(
                    "personal_subject",
                    Place(*place, *match.span()),
                    _("Subjects show on locked screens; this one holds personal data."),
                    _("Use the value in the text only."),
                    match.group(),
                )
        if place[2] == "body_html":
            for start, end in rendering.placeholders_in_tags(text):
                yield error(
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
            yield warning(
                "unused_placeholder",
                Place(field=f"placeholders.{item.name}"),
                _("“%(name)s” is declared but never used.") % {"name": item.name},
                _("Use it or take it out."),
            )
        if any(not item.example_in(language) for language in content.languages):
            yield warning(
                "missing_example",
                Place(field=f"placeholders.{item.name}"),
                _("“%(name)s” has no example.") % {"name": item.name},
                _("Give one, so that the preview looks like the real message."),
            )


def _undeclared(name: str, place: Place, excerpt: str) -> Finding:
    if name.startswith(CLAUSE_PREFIX):
        return error(
            "unknown_clause",
            place,
            _("No clause “%(name)s” is in force in this language.")
            % {"name": name.removeprefix(CLAUSE_PREFIX)},
            _("Choose one from the library of clauses, or write the words here."),
            excerpt,
        )
    if name in FACT_NAMES:
        return error(
            "blank_fact",
            place,
            _("The text uses the fact “%(name)s”, which is blank.") % {"name": name},
            _("Fill in the fact, or take it out of the text."),
            excerpt,
        )
    return error(
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


def _words(content: Content, lexicon: Lexicon) -> Iterator[Finding]:
    for _variant, place, text in _texts(content):
        yield from _listed(text, place, lexicon)
    for language in content.languages:
        for fact in FACT_NAMES:
            text = rendering.fact_text(content.facts[language], fact)
            yield from _listed(text, ("", language, fact), lexicon)


def _listed(text: str, place: tuple[str, str, str], lexicon: Lexicon) -> Iterator[Finding]:
    for hit in lexicon.find(text):
        words = lexicon.by_code[hit.term.list_code]
        yield Finding(
            "forbidden_word",
            Severity(words.severity),
            Place(*place, hit.start, hit.end),
            in_reader_language(words.why),
            in_reader_language(words.fix),
            text[hit.start : hit.end],
        )


def _sms(content: Content) -> Iterator[Finding]:
    for variant in content.variants:
        if variant.channel != "sms":
            continue
        values = sample_values(content, variant.language)
        facts = content.facts.get(variant.language, {})
        text = sample_text(variant, facts, values)
        length = sms_length(text)
        if length.segments <= SMS_WARN_SEGMENTS:
            continue
        make = error if length.segments > SMS_MAX_SEGMENTS else warning
        yield make(
            "sms_length",
            Place(variant.channel, variant.language, "body"),
            _("With the examples filled in this is %(segments)s parts (%(encoding)s).")
            % {"segments": length.segments, "encoding": length.encoding},
            _("Shorten it; send the details by e-mail or inbox."),
        )


def sample_text(variant: VariantText, facts: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """The plain text with facts and examples filled in, whatever else is wrong with it."""
    known = dict.fromkeys(FACT_NAMES, "") | rendering.fact_texts(facts)
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
        yield error(
            "risk_dropped",
            Place(*place),
            _("This text leaves out the risk statement of the facts."),
            _("Put {{ risk }} where the statement shall stand."),
        )


def _bare(text: str) -> str:
    return "".join(char for char in fold(re.sub(r"<[^>]*>", "", text))[0] if char.isalnum())


def _texts(content: Content) -> Iterator[tuple[VariantText, tuple[str, str, str], str]]:
    for variant in content.variants:
        for field in ("subject", "body", "body_html"):
            text = getattr(variant, field)
            if text:
                yield variant, (variant.channel, variant.language, field), text
