"""The words of the handbook, and when they must be looked at again. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text

LANGUAGES = ("zh-hans", "en")
LIMIT = 200_000  # characters of the handbook in one language
REVIEW_AFTER = dt.timedelta(days=365)
WARN_BEFORE = dt.timedelta(days=30)
_HEADING = re.compile(r"(#{1,3}) +(.*)")


class Piece(NamedTuple):
    """A heading (`h2`, `h3`, `h4`), a paragraph (`p`), or an item of a list (`li`)."""

    tag: str
    text: str


class Standing(StrEnum):
    """Whether the yearly review is due."""

    CURRENT = "current"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


def pieces(text: str) -> list[Piece]:
    """The words as a page shows them: `# ` begins a heading, `- ` an item, anything else is a
    paragraph up to a blank line."""
    found: list[Piece] = []
    open_paragraph = False
    for line in text.splitlines():
        line = line.strip()
        if not line:
            open_paragraph = False
        elif match := _HEADING.fullmatch(line):
            found.append(Piece(f"h{len(match[1]) + 1}", match[2]))
            open_paragraph = False
        elif line.startswith("- "):
            found.append(Piece("li", line[2:].strip()))
            open_paragraph = False
        elif open_paragraph:
            found[-1] = Piece("p", f"{found[-1].text} {line}")
        else:
            found.append(Piece("p", line))
            open_paragraph = True
    return found


def clean_words(raw: Mapping[str, str]) -> dict[str, str]:
    """The handbook by language; raises InvalidInput `text.<language>`."""
    return {
        language: clean_text(raw.get(language), field=f"text.{language}", limit=LIMIT)
        for language in LANGUAGES
    }


def require_whole(words: Mapping[str, str]) -> None:
    """Raise InvalidInput for a language without words."""
    for language in LANGUAGES:
        if not words.get(language):
            raise InvalidInput(
                _("Say this in Simplified Chinese and in English."),
                code="required",
                field=f"text.{language}",
            )


def standing(decided_at: dt.datetime, now: dt.datetime) -> Standing:
    """Whether a handbook approved at `decided_at` must be looked at again."""
    due = decided_at + REVIEW_AFTER
    if now >= due:
        return Standing.OVERDUE
    return Standing.DUE_SOON if now >= due - WARN_BEFORE else Standing.CURRENT
