"""Finding terms in a text, whatever was done to hide them. Pure.

Text and terms are brought to one form, letter by letter: compatibility form (full-width becomes
ASCII), small letters, simplified Chinese; whatever is neither letter nor digit (blanks, dots,
zero-width characters) is left out. All terms are then looked for in one pass (Aho–Corasick), and
each hit is looked at where it stands in the original:

- Chinese terms match with anything but letters and digits between their characters.
- Terms in an alphabet are whole words. Their words may be joined by blanks or a hyphen; a word
  spelled out with something between all of its letters is found as well.
- A term with one of the list's exceptions right before it (“不保本”, “not guaranteed”) is not a
  hit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import ahocorasick

# What may stand between the words of a term, beside characters that show nothing.
_JOINTS = frozenset(" \t\n\u00a0-‐‑–_/.·")
_SENTENCE_ENDS = frozenset(".!?。！？;；")


class Term(NamedTuple):
    """A term and the code of the list it stands in."""

    text: str
    list_code: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A term at [start, end) of the original text, in characters."""

    term: Term
    start: int
    end: int


class _Packed(NamedTuple):
    """The letters and digits of a text in one form, and the place of each in the original."""

    letters: str
    places: Sequence[int]


class Matcher:
    """Finds any of many terms in a text. Built once for a set of lists, then used often."""

    def __init__(
        self, terms: Iterable[Term], exceptions: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """`exceptions` are, by list code, the words that excuse a term when right before it."""
        self._automaton: Any = ahocorasick.Automaton()
        known: dict[str, list[Term]] = {}
        for term in terms:
            packed = pack(term.text).letters
            if packed:
                known.setdefault(packed, []).append(term)
        for packed, found in known.items():
            self._automaton.add_word(packed, (len(packed), tuple(found)))
        self._empty = not known
        if known:
            self._automaton.make_automaton()
        self._exceptions = {
            code: tuple(word for text in texts if (word := pack(text).letters))
            for code, texts in (exceptions or {}).items()
        }

    def find(self, text: str) -> list[Hit]:
        """All hits by place; of overlapping ones the first, and of those the longest."""
        if self._empty:
            return []
        packed = pack(text)
        hits = []
        for last, (length, terms) in self._automaton.iter(packed.letters):
            first = last - length + 1
            for term in terms:
                if _stands(text, packed, first, last, term.text) and not self._excused(
                    packed.letters[:first], term.list_code
                ):
                    hits.append(Hit(term, packed.places[first], packed.places[last] + 1))
        return _longest(hits)

    def _excused(self, before: str, list_code: str) -> bool:
        return any(before.endswith(word) for word in self._exceptions.get(list_code, ()))


def _longest(hits: list[Hit]) -> list[Hit]:
    hits.sort(key=lambda hit: (hit.start, -hit.end, hit.term))
    kept: list[Hit] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


# --- one form -------------------------------------------------------------------------------


def pack(text: str) -> _Packed:
    """The letters and digits of `text` in one form, with their places."""
    letters: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        folded = _folded(char)
        if folded:
            letters.append(folded)
            places.extend([index] * len(folded))
    return _Packed("".join(letters), places)


@cache
def _folded(char: str) -> str:
    """One character in the common form; blank for what is neither letter nor digit."""
    simple = _simplified()
    return "".join(
        simple.get(part, part)
        for part in unicodedata.normalize("NFKC", char).casefold()
        if part.isalnum()
    )


@cache
def _simplified() -> Mapping[str, str]:
    """Traditional to simplified Chinese, by character (OpenCC's TSCharacters)."""
    table = resources.files("opencc").joinpath("dictionary/TSCharacters.txt")
    rows = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1].split()[0] for row in rows if len(row) == 2 and len(row[0]) == 1}


# --- where a hit stands ---------------------------------------------------------------------


def _stands(text: str, packed: _Packed, first: int, last: int, term: str) -> bool:
    """Whether the letters [first, last] stand as the term in the original text."""
    start, end = packed.places[first], packed.places[last] + 1
    if packed.places[first - 1] == start and first > 0:
        return False  # begins within a character such as ㎏
    if last + 1 < len(packed.places) and packed.places[last + 1] == end - 1:
        return False
    if not _alphabetic(packed.letters[first]) or not _alphabetic(packed.letters[last]):
        return True
    if _continues(text, start - 1, start) or _continues(text, end, end - 1):
        return False
    return _words_hold(text, packed, first, last, _word_ends(term))


def _alphabetic(letter: str) -> bool:
    """Whether words of this letter's script are set apart by blanks."""
    return letter < "\u2e80" and letter.isalnum()


def _continues(text: str, outside: int, inside: int) -> bool:
    """Whether the character at `outside` goes on with the word whose edge is at `inside`."""
    if not 0 <= outside < len(text):
        return False
    folded = _folded(text[outside])
    return bool(folded) and _alphabetic(folded[0]) and abs(outside - inside) == 1


def _word_ends(term: str) -> frozenset[int]:
    """The numbers of letters of `term` after which one of its words ends."""
    ends, count = set(), 0
    for word in term.replace("-", " ").split():
        count += len(pack(word).letters)
        ends.add(count)
    return frozenset(ends)


def _words_hold(text: str, packed: _Packed, first: int, last: int, ends: frozenset[int]) -> bool:
    """Whether what stands between the letters still makes the words of the term."""
    spelled = loose = 0
    for count, index in enumerate(range(first, last), 1):
        gap = text[packed.places[index] + 1 : packed.places[index + 1]]
        shown = "".join(char for char in gap if _shows(char))
        if count in ends:
            if (_SENTENCE_ENDS & set(shown) and " " in gap) or set(shown) - _JOINTS:
                return False
        elif shown:
            loose += 1
        else:
            spelled += 1
    return not loose or not spelled


def _shows(char: str) -> bool:
    """Whether a character can be seen: neither format (zero-width, soft hyphen) nor combining."""
    return unicodedata.category(char) not in {"Cf", "Mn", "Cc"} or char in "\n\t"
