"""Texts for each channel and language made from the facts (T6). Pure; the same facts give the
same words, and what somebody wrote is never replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from templates_mgmt.rules.content import Content, Placeholder, Source, VariantText
from templates_mgmt.rules.states import Channel, Language

_SENTENCE_ENDS = "。！？!?.…"
_LONG_PARTS = ("key_points", "action", "deadline")


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a language greets, stops a sentence and announces a risk."""

    named: str
    unnamed: str
    stop: str
    gap: str
    risk: str


_MANNERS = {
    Language.ZH_HANS: _Manner("{name}您好：", "尊敬的投资者：", "。", "", "风险提示："),
    Language.ZH_HANT: _Manner("{name}您好：", "尊敬的投資者：", "。", "", "風險提示："),
    Language.EN: _Manner("Dear {name},", "Dear investor,", ".", " ", "Risk: "),
}


def derive(content: Content) -> list[VariantText]:
    """The texts that are still blank, for every channel in every language whose facts have a
    title and key points."""
    have = {(variant.channel, variant.language) for variant in content.variants}
    return [
        _text(channel, Language(language), content.facts[language], content.placeholders)
        for channel in Channel
        for language in content.languages
        if (channel.value, language) not in have
        and content.facts[language].get("title")
        and content.facts[language].get("key_points")
    ]


def _text(
    channel: Channel,
    language: Language,
    facts: Mapping[str, Any],
    placeholders: Iterable[Placeholder],
) -> VariantText:
    manner = _MANNERS[language]
    if channel == Channel.SMS:
        return VariantText(channel.value, language.value, "", _short(manner, facts))
    name = next((item.name for item in placeholders if item.source == Source.INVESTOR_NAME), "")
    greeting = manner.named.format(name=_use(name)) if name else manner.unnamed
    parts = [greeting, *(_use(fact) for fact in _LONG_PARTS if facts.get(fact))]
    if facts.get("risk"):
        parts.append(manner.risk + "{{ risk }}")
    return VariantText(channel.value, language.value, "{{ title }}", "\n\n".join(parts))


def _short(manner: _Manner, facts: Mapping[str, Any]) -> str:
    """Title, action, deadline and risk, each as a sentence."""
    sentences = [
        _use(fact) + ("" if str(facts[fact]).rstrip()[-1] in _SENTENCE_ENDS else manner.stop)
        for fact in ("title", "action", "deadline", "risk")
        if facts.get(fact)
    ]
    return manner.gap.join(sentences)


def _use(name: str) -> str:
    return "{{ " + name + " }}"
