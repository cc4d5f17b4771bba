"""What a finding is: its code, its place, why, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

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


def error(code: str, place: Place, why: Text, fix: Text, excerpt: str = "") -> Finding:
    """A finding that stops submission."""
    return Finding(code, Severity.ERROR, place, why, fix, excerpt)


def warning(code: str, place: Place, why: Text, fix: Text, excerpt: str = "") -> Finding:
    """A finding that author and reviewer see."""
    return Finding(code, Severity.WARNING, place, why, fix, excerpt)
