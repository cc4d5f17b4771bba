"""Whether a text turns a “not” round that its facts say, or adds one. Pure, and cautious: only
statements that stand in both, word for word apart from the negation, are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from templates_mgmt.rendering import PLACEHOLDER
from templates_mgmt.writing.values import fold

_ZH_FORBID = ("请勿", "切勿", "不要", "不得", "禁止", "勿")
_ZH_NOT = re.compile(
    "|".join(["不会", "不能", "不可", "不再", "无法", "没有", "并未", "尚未", "并非", *_ZH_FORBID])
    + "|[不未勿无没非]"
)
_ZH_RUN = re.compile(r"[\u3400-\u9fff]+")
_ZH_HEAD, _ZH_TAIL, _ZH_ALONE = 2, 2, 4
_ZH_JOINTS = frozenset("但如若或和与及并而则将会")
_NEAR = 2  # a negation stands at most so many characters before what it denies
_EN_NOT = re.compile(r"\b(?:not|never)\b|\bcannot\b|n't\b")
_AUX = (
    r"(?:is|are|was|were|be|been|will|wo|can|ca|could|may|must|should|would|shall"
    r"|has|have|had|do|does|did)"
)
_EN_DENIED = re.compile(rf"\b({_AUX})\s?(?:not|never|n't)\s+([a-z]+)(?:\s+([a-z]+))?")
_EN_SAID = re.compile(rf"\b({_AUX})\s+(?!not\b|never\b)([a-z]+)(?:\s+([a-z]+))?")
_DO = frozenset({"do", "does", "did"})
_SAME = {"is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "has": "have"}
_SAME |= {"had": "have", "could": "can", "ca": "can", "wo": "will"}


@dataclass(frozen=True, slots=True)
class Flip:
    """A statement that the facts deny and the text does not (`denied_by_facts`), or the other way
    round, with its place in the text."""

    phrase: str
    start: int
    end: int
    denied_by_facts: bool


@dataclass(frozen=True, slots=True)
class _Said:
    phrase: str
    start: int
    end: int
    tail_only: bool = False
    forbidding: bool = False


def flips(facts: str, text: str, *, chinese: bool) -> list[Flip]:
    """Statements of `text` whose negation differs from that in `facts`."""
    return list(_chinese(facts, text) if chinese else _english(facts, text))


def _chinese(facts: str, text: str) -> Iterator[Flip]:
    plain, places = fold(_blanked(text))
    known, _places = fold(_blanked(facts))
    denied = list(_zh_denied(known))
    for phrase in dict.fromkeys(item.phrase for item in denied):
        if _zh_bare(known, phrase):
            continue  # the facts say both: nothing to hold against a text
        for start in _zh_bare(plain, phrase):
            end = start + len(phrase)
            yield Flip(phrase, places[start], places[end - 1] + 1, True)
    for item in _zh_denied(plain):
        if item.tail_only and not item.forbidding:
            continue
        if _zh_bare(known, item.phrase) and item.phrase not in {each.phrase for each in denied}:
            yield Flip(item.phrase, places[item.start], places[item.end - 1] + 1, False)


def _zh_denied(text: str) -> Iterator[_Said]:
    """What a negation denies: the two characters before it with the two after (资金不受影响:
    资金…受影), or the four after it."""
    for run in _ZH_RUN.finditer(text):
        words = run.group()
        for match in _ZH_NOT.finditer(words):
            head, tail = words[: match.start()], words[match.end() :]
            before = head[-_ZH_HEAD:]
            if len(before) == _ZH_HEAD and len(tail) >= _ZH_TAIL and not set(before) & _ZH_JOINTS:
                yield _Said(
                    before + tail[:_ZH_TAIL],
                    run.start() + match.start() - _ZH_HEAD,
                    run.start() + match.end() + _ZH_TAIL,
                )
            if len(tail) >= _ZH_ALONE:
                yield _Said(
                    tail[:_ZH_ALONE],
                    run.start() + match.start(),
                    run.start() + match.end() + _ZH_ALONE,
                    True,
                    match.group() in _ZH_FORBID,
                )


def _zh_bare(text: str, phrase: str) -> list[int]:
    """Where `phrase` stands without a negation shortly before it."""
    return [
        match.start()
        for match in re.finditer(re.escape(phrase), text)
        if not _ZH_NOT.search(text[max(0, match.start() - _NEAR) : match.start()])
    ]


def _english(facts: str, text: str) -> Iterator[Flip]:
    plain, places = fold(_blanked(text))
    known, _places = fold(_blanked(facts))
    known_denied = {item.phrase for item in _en_denied(known)}
    known_said = {item.phrase for item in _en_said(known)}
    for item in _en_said(plain):
        if item.phrase in known_denied - known_said:
            yield Flip(item.phrase, places[item.start], places[item.end - 1] + 1, True)
    for phrase in sorted(known_denied - known_said):
        if phrase.startswith("do "):
            yield from _unasked(phrase.removeprefix("do "), plain, places)
    for item in _en_denied(plain):
        affirmed = item.phrase in known_said
        if item.phrase.startswith("do "):
            bare = item.phrase.removeprefix("do ")
            affirmed = " " in bare and bool(list(_unasked(bare, known, list(range(len(known))))))
        if affirmed and item.phrase not in known_denied:
            yield Flip(item.phrase, places[item.start], places[item.end - 1] + 1, False)


def _unasked(words: str, text: str, places: list[int]) -> Iterator[Flip]:
    """Where the imperative `words` (two of them) stand without a “not” before them."""
    if " " not in words:
        return
    for match in re.finditer(rf"\b{re.escape(words)}\b", text):
        before = text[max(0, match.start() - 12) : match.start()]
        if not _EN_NOT.search(before) and not re.search(r"\b(?:to|nor)\s+$", before):
            yield Flip(words, places[match.start()], places[match.end() - 1] + 1, True)


def _en_denied(text: str) -> Iterator[_Said]:
    for match in _EN_DENIED.finditer(text):
        yield _Said(_phrase(match), *match.span())


def _en_said(text: str) -> Iterator[_Said]:
    for match in _EN_SAID.finditer(text):
        if match[1] not in _DO:
            yield _Said(_phrase(match), *match.span())


def _phrase(match: re.Match[str]) -> str:
    aux, first, second = match[1], match[2], match[3]
    if aux in _DO:
        return "do " + " ".join(word for word in (first, second) if word)
    if first == "be" and second:
        return f"{aux} be {second}"
    return f"{_SAME.get(aux, aux)} {first}"


def _blanked(text: str) -> str:
    return PLACEHOLDER.sub(lambda match: "\n" * len(match.group()), text)
