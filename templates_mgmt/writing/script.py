"""A hotline script: the parts that an agent goes through, and the time that reading takes. Pure.

A line that is nothing but a heading in 【…】 or […] begins a part. A script needs the four parts of
`Part`: nobody hears of an account before the agent knows who is on the line, and the agent knows
what not to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from templates_mgmt.rules.states import Language


class Part(StrEnum):
    """A part that every script has."""

    GREETING = "greeting"
    IDENTITY = "identity"
    TELL = "tell"
    NEVER = "never"


HEADINGS: dict[Language, dict[Part, str]] = {
    Language.ZH_HANS: {
        Part.GREETING: "开场", Part.IDENTITY: "核实身份", Part.TELL: "告知", Part.NEVER: "不要说",
    },
    Language.ZH_HANT: {
        Part.GREETING: "開場", Part.IDENTITY: "核實身分", Part.TELL: "告知", Part.NEVER: "不要說",
    },
    Language.EN: {
        Part.GREETING: "Greeting", Part.IDENTITY: "Identity check", Part.TELL: "Tell",
        Part.NEVER: "Do not say",
    },
}  # fmt: skip
_HEADING = re.compile(r"[【\[]([^】\]{}]{1,40})[】\]]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’.,-][A-Za-z0-9]+)*")
HAN_PER_MINUTE = 240  # a newsreader's 300, slowed down for the telephone
WORDS_PER_MINUTE = 150  # conversational English


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a script. `heading` is blank for words before the first one; `spoken` says
    whether the words are read aloud, `never` that they must not be said."""

    heading: str
    text: str
    spoken: bool
    never: bool


def sections(text: str, language: str) -> list[Section]:
    """The parts of a script, in order; parts without words are kept."""
    known = HEADINGS[Language(language)]
    silent = {known[Part.IDENTITY], known[Part.NEVER]}
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        match = _HEADING.fullmatch(line.strip())
        if match:
            found.append((match.group(1).strip(), []))
        else:
            found[-1][1].append(line)
    parts = [(heading, "\n".join(lines).strip()) for heading, lines in found]
    return [
        Section(heading, words, heading not in silent, heading == known[Part.NEVER])
        for heading, words in parts
        if heading or words
    ]


def missing_parts(text: str, language: str) -> list[str]:
    """The headings of the parts that a script lacks, or that have no words."""
    written = {section.heading for section in sections(text, language) if section.text}
    return [heading for heading in HEADINGS[Language(language)].values() if heading not in written]


def seconds(text: str) -> int:
    """How long reading `text` aloud takes: Chinese characters at HAN_PER_MINUTE, other words at
    WORDS_PER_MINUTE."""
    minutes = len(_HAN.findall(text)) / HAN_PER_MINUTE + len(_WORD.findall(text)) / WORDS_PER_MINUTE
    return round(60 * minutes)
