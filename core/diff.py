"""Word differences for people, in Chinese and in spaced scripts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.html import format_html
from django.utils.safestring import SafeString

# A placeholder is one word; so is a run of Latin letters and digits, each Chinese character,
# each run of blanks, and any other character.
_TOKEN = re.compile(
    r"\{\{[^{}]*\}\}|[A-Za-z0-9À-ɏ]+(?:['’.,_-][A-Za-z0-9À-ɏ]+)*|[^\S\n]+|\n|.", re.DOTALL
)
BEFORE = frozenset({"equal", "delete"})
AFTER = frozenset({"equal", "insert"})
BOTH = BEFORE | AFTER
_SHORT = 2  # an equal run this short between two changes reads better as part of the change


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; `kind` is equal, delete or insert."""

    kind: str
    text: str


def word_diff(old: str, new: str) -> list[Span]:
    """How `old` becomes `new`: lines first, then words inside changed lines."""
    spans: list[Span] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for tag, a0, a1, b0, b1 in _opcodes(before, after):
        gone, come = "".join(before[a0:a1]), "".join(after[b0:b1])
        if tag == "equal":
            spans.append(Span("equal", gone))
        else:
            spans.extend(_words(gone, come))
    return _merged(spans)


def changed(spans: Sequence[Span]) -> bool:
    """Whether any span is not equal."""
    return any(span.kind != "equal" for span in spans)


def marked(spans: Iterable[Span], kinds: frozenset[str] = BOTH) -> SafeString:
    """HTML of the spans of `kinds`, what went and what came marked as such."""
    tags = {"equal": "{}", "delete": "<del>{}</del>", "insert": "<ins>{}</ins>"}
    return SafeString(
        "".join(format_html(tags[span.kind], span.text) for span in spans if span.kind in kinds)
    )


def _words(old: str, new: str) -> Iterator[Span]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    for tag, a0, a1, b0, b1 in _joined(_opcodes(before, after), before):
        gone, come = "".join(before[a0:a1]), "".join(after[b0:b1])
        if tag == "equal":
            yield Span("equal", gone)
            continue
        if gone:
            yield Span("delete", gone)
        if come:
            yield Span("insert", come)


Opcode = tuple[str, int, int, int, int]


def _opcodes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    return [
        (str(tag), a0, a1, b0, b1)
        for tag, a0, a1, b0, b1 in SequenceMatcher(
            None, before, after, autojunk=False
        ).get_opcodes()
    ]


def _joined(opcodes: list[Opcode], before: Sequence[str]) -> list[Opcode]:
    """Opcodes with tiny equal runs between two changes swallowed by them."""
    out: list[Opcode] = []
    for position, (tag, a0, a1, b0, b1) in enumerate(opcodes):
        inner = 0 < position < len(opcodes) - 1
        tiny = tag == "equal" and inner and len("".join(before[a0:a1]).strip()) < _SHORT
        if out and (tag != "equal" or tiny) and out[-1][0] == "replace":
            _, c0, _, d0, _ = out[-1]
            out[-1] = ("replace", c0, a1, d0, b1)
        elif tag == "equal" and not tiny:
            out.append((tag, a0, a1, b0, b1))
        else:
            out.append(("replace", a0, a1, b0, b1))
    return out


def _merged(spans: Sequence[Span]) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        if out and out[-1].kind == span.kind:
            out[-1] = Span(span.kind, out[-1].text + span.text)
        elif span.text:
            out.append(span)
    return out
