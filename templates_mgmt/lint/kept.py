"""Findings about facts that a text drops or contradicts, or that differ by language (T6). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_mgmt.lint.base import Finding, Place, Text, error, warning
from templates_mgmt.rules import LANGUAGE_LABELS, Content, Language
from templates_mgmt.writing import facts
from templates_mgmt.writing.values import Kind

FACT_LABELS: dict[str, Text] = {
    "title": _("Title"),
    "key_points": _("Key points"),
    "action": _("Action needed"),
    "deadline": _("Deadline"),
    "risk": _("Risk statement"),
}


def findings(content: Content) -> Iterator[Finding]:
    """What texts do to the facts."""
    yield from _dropped(content)
    yield from _action(content)
    yield from _odd(content)
    yield from _turned(content)
    yield from _unequal(content)


def _dropped(content: Content) -> Iterator[Finding]:
    for item in facts.dropped(content):
        yield error(
            "fact_dropped",
            Place(item.channel, item.language, "body"),
            format_lazy(
                _("This text leaves out “{value}”, which the facts say under “{fact}”."),
                value=item.fact.value.text,
                fact=FACT_LABELS[item.fact.field],
            ),
            format_lazy(
                _("Write the value, or put {{{{ {name} }}}} into the text."), name=item.fact.field
            ),
        )


def _action(content: Content) -> Iterator[Finding]:
    for variant in content.variants:
        if not facts.action_kept(content, variant):
            yield error(
                "action_dropped",
                Place(variant.channel, variant.language, "body"),
                _("This text says nothing of the action needed."),
                _("Put {{ action }} where investors shall read what to do."),
            )


def _odd(content: Content) -> Iterator[Finding]:
    for item in facts.odd(content):
        place = Place(item.channel, item.language, item.field, item.value.start, item.value.end)
        if item.instead is not None:
            yield error(
                "fact_contradicted",
                place,
                format_lazy(
                    _("The text says “{value}” where the facts say “{fact}”."),
                    value=item.value.text,
                    fact=item.instead.text,
                ),
                _("Correct the text, or the facts and with them every text."),
                item.value.text,
            )
        else:
            yield warning(
                "not_in_facts",
                place,
                format_lazy(_("“{value}” is not in the facts."), value=item.value.text),
                _("Put it into the facts, so that every text says it; or take it out."),
                item.value.text,
            )


def _turned(content: Content) -> Iterator[Finding]:
    for item in facts.turned(content):
        yield error(
            "negation_flipped",
            Place(item.channel, item.language, item.field, item.flip.start, item.flip.end),
            format_lazy(
                _("The facts say “not” of “{phrase}”; the text does not.")
                if item.flip.denied_by_facts
                else _("The text says “not” of “{phrase}”; the facts do not."),
                phrase=item.flip.phrase,
            ),
            _("Say the same as the facts."),
            item.flip.phrase,
        )


def _unequal(content: Content) -> Iterator[Finding]:
    for item in facts.unequal(content):
        place = Place("", item.language, item.fact.field)
        language = LANGUAGE_LABELS[Language(item.other_language)]
        loose = item.fact.kind in {Kind.NUMBER, Kind.PERIOD} or not item.fact.mandatory
        if item.other is not None:
            yield error(
                "languages_contradict",
                place,
                format_lazy(
                    _("“{value}” stands here, “{other}” in {language}."),
                    value=item.fact.value.text,
                    other=item.other.text,
                    language=language,
                ),
                _("Say the same in every language."),
                item.fact.value.text,
            )
        else:
            yield (warning if loose else error)(
                "missing_in_language",
                place,
                format_lazy(
                    _("“{value}” stands here, but not in the facts in {language}."),
                    value=item.fact.value.text,
                    language=language,
                ),
                _("Say the same in every language."),
                item.fact.value.text,
            )
