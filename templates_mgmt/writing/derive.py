"""Texts for each channel and language made from the facts (T6). Pure; the same facts give the
same words, and what somebody wrote is never replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from templates_mgmt.rules.content import Content, Placeholder, Source, VariantText
from templates_mgmt.rules.states import Channel, Language
from templates_mgmt.writing.script import HEADINGS, Part

_SENTENCE_ENDS = "。！？!?.…"
_LONG_PARTS = ("key_points", "action", "deadline")
_SHORT_PARTS = ("action", "deadline", "risk")


@dataclass(frozen=True, slots=True)
class Script:
    """What an agent says around the facts: the greeting, the identity check, the question at the
    end, and what must not be said."""

    named: str
    unnamed: str
    identity: str
    understood: str
    never: str
    brackets: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a language greets, stops a sentence, announces a risk and speaks on the telephone."""

    named: str
    unnamed: str
    stop: str
    gap: str
    risk: str
    headline: str
    script: Script


_SCRIPTS = {
    Language.ZH_HANS: Script(
        "您好，这里是您开户证券公司的客户服务热线。请问是{name}本人吗？",
        "您好，这里是您开户证券公司的客户服务热线。请问是账户持有人本人吗？",
        "先按身份核实流程核对对方身份；核实之前不谈账户情况，也不索取密码和验证码。",
        "请问以上内容您清楚了吗？",
        "对行情的判断；对收益的任何表示；代客户作出的决定。答不上来的问题先登记，再转交专人回复。",
        ("【", "】"),
    ),
    Language.ZH_HANT: Script(
        "您好，這裡是您開戶證券公司的客戶服務熱線。請問是{name}本人嗎？",
        "您好，這裡是您開戶證券公司的客戶服務熱線。請問是帳戶持有人本人嗎？",
        "先按身分核實流程核對對方身分；核實之前不談帳戶情況，也不索取密碼和驗證碼。",
        "請問以上內容您清楚了嗎？",
        "對行情的判斷；對收益的任何表示；代客戶作出的決定。答不上來的問題先登記，再轉交專人回覆。",
        ("【", "】"),
    ),
    Language.EN: Script(
        "Hello, this is the client service line of your securities firm. Am I speaking to {name}?",
        "Hello, this is the client service line of your securities firm. Am I speaking to the "
        "holder of the account?",
        "Go through the identity check first. Say nothing of the account before it is done; ask "
        "for no password and no code.",
        "Is all of this clear to you?",
        "Views of where prices go; words on returns; decisions in the client's place. Note a "
        "question that you cannot answer, and pass it on.",
        ("[", "]"),
    ),
}
_MANNERS = {
    Language.ZH_HANS: _Manner(
        "{name}您好：", "尊敬的投资者：", "。", "", "风险提示：", "【{title}】",
        _SCRIPTS[Language.ZH_HANS],
    ),
    Language.ZH_HANT: _Manner(
        "{name}您好：", "尊敬的投資者：", "。", "", "風險提示：", "【{title}】",
        _SCRIPTS[Language.ZH_HANT],
    ),
    Language.EN: _Manner(
        "Dear {name},", "Dear investor,", ".", " ", "Risk: ", "{title}", _SCRIPTS[Language.EN]
    ),
}  # fmt: skip


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
    name = next((item.name for item in placeholders if item.source == Source.INVESTOR_NAME), "")
    subject = ""
    match channel:
        case Channel.SMS:
            body = _short(manner, facts, ("title", *_SHORT_PARTS))
        case Channel.PUSH:
            subject, body = "{{ title }}", _short(manner, facts, _SHORT_PARTS)
        case Channel.CHAT:
            head = manner.headline.format(title="{{ title }}")
            body = "\n\n".join([head, *_long(manner, facts)])
        case Channel.HOTLINE:
            body = _spoken(language, manner, facts, name)
        case Channel.EMAIL | Channel.INBOX:
            greeting = manner.named.format(name=_use(name)) if name else manner.unnamed
            subject, body = "{{ title }}", "\n\n".join([greeting, *_long(manner, facts)])
    return VariantText(channel.value, language.value, subject, body)


def _short(manner: _Manner, facts: Mapping[str, Any], names: Iterable[str]) -> str:
    """Those of the facts `names` that are there, each as a sentence; the key points when there
    are none."""
    sentences = [
        _use(fact) + ("" if str(facts[fact]).rstrip()[-1] in _SENTENCE_ENDS else manner.stop)
        for fact in names
        if facts.get(fact)
    ]
    return manner.gap.join(sentences) or _use("key_points")


def _long(manner: _Manner, facts: Mapping[str, Any]) -> list[str]:
    """Key points, action, deadline and risk, a paragraph each."""
    parts = [_use(fact) for fact in _LONG_PARTS if facts.get(fact)]
    return [*parts, manner.risk + "{{ risk }}"] if facts.get("risk") else parts


def _spoken(language: Language, manner: _Manner, facts: Mapping[str, Any], name: str) -> str:
    """A script with all its parts; the facts are told as they are."""
    says = manner.script
    left, right = says.brackets
    greeting = says.named.format(name=_use(name)) if name else says.unnamed
    words = {
        Part.GREETING: greeting,
        Part.IDENTITY: says.identity,
        Part.TELL: "\n".join(["{{ title }}", *_long(manner, facts), says.understood]),
        Part.NEVER: says.never,
    }
    return "\n\n".join(
        f"{left}{heading}{right}\n{words[part]}" for part, heading in HEADINGS[language].items()
    )


def _use(name: str) -> str:
    return "{{ " + name + " }}"
