"""What may be asked of the history, and how text becomes words. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

SUBJECTS = ("notice", "delivery", "investor", "template", "version", "incident", "staff")

# What `audit_words` (migration 0008) takes for words; both must say the same.
_LATIN = "a-z0-9à-ɏ"
_HAN = "㐀-䶿一-鿿豈-﫿"
_RUN = re.compile(f"[{_LATIN}]+|[{_HAN}]+")
_WORD_LENGTH = 40

# Records that come by the hundred thousand and say nothing in words are not indexed for words.
SILENT_AREAS = (
    "delivery", "receipt", "inbox", "investor", "contact", "consent", "preference",
    "selfservice", "session",
)  # fmt: skip
SILENT_ACTIONS = ("notice.excluded",)

DRIFT = dt.timedelta(hours=1)
"""How far the time in a record's id may lie from `recorded_at` before `audit_drifted` holds."""


class Kind(StrEnum):
    """What a record is about, as far as it has a column of its own."""

    NOTICE = "notice"
    DELIVERY = "delivery"
    INVESTOR = "investor"
    TEMPLATE = "template"
    VERSION = "version"
    INCIDENT = "incident"
    STAFF = "staff"
    OTHER = "object"


KIND_LABELS = {
    Kind.NOTICE: _("Notice"),
    Kind.DELIVERY: _("Delivery"),
    Kind.INVESTOR: _("Investor"),
    Kind.TEMPLATE: _("Template"),
    Kind.VERSION: _("Template version"),
    Kind.INCIDENT: _("Incident"),
    Kind.STAFF: _("Member of staff"),
    Kind.OTHER: _("Something else"),
}
CHANNELS = ("sms", "email", "push", "inbox", "chat", "hotline", "public")
TIMELINES = (Kind.INVESTOR, Kind.NOTICE, Kind.TEMPLATE, Kind.INCIDENT, Kind.STAFF)


class Outcome(StrEnum):
    """How what a record tells of ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


OUTCOME_LABELS = {
    Outcome.DONE: _("Done"),
    Outcome.REFUSED: _("Refused"),
    Outcome.FAILED: _("Failed"),
}


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What to show. Empty fields do not filter; the period is [since, until) of `recorded_at`.

    `as_of` is an instant: nothing recorded after it is shown. `text` is a record's or a
    subject's id, a place in the log, (part of) the name of an action, an actor, an `object`, or
    words of the content.
    """

    text: str = ""
    action: str = ""
    actor: str = ""
    kind: str = ""
    channel: str = ""
    outcome: str = ""
    notice: UUID | None = None
    delivery: UUID | None = None
    investor: UUID | None = None
    template: UUID | None = None
    version: UUID | None = None
    incident: UUID | None = None
    staff: UUID | None = None
    object: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    as_of: dt.datetime | None = None

    def narrow(self) -> dict[str, str]:
        """The filters in force, apart from the text, as plain strings."""
        return {
            name: value.astimezone(dt.UTC).isoformat()
            if isinstance(value, dt.datetime)
            else str(value)
            for name, value in asdict(self).items()
            if value and name != "text"
        }

    @property
    def end(self) -> dt.datetime | None:
        """The first instant that is not shown; `as_of` itself still is."""
        ends = [self.until, self.as_of and self.as_of + dt.timedelta(microseconds=1)]
        return min((end for end in ends if end), default=None)

    @property
    def selective(self) -> bool:
        """Whether an object is named, so that few records are left."""
        return bool(self.object) or any(getattr(self, name) for name in SUBJECTS)


def from_narrow(stored: dict[str, str], *, text: str = "") -> RecordFilter:
    """The inverse of `RecordFilter.narrow`."""
    values: dict[str, Any] = {}
    for name, value in stored.items():
        if name in SUBJECTS:
            values[name] = UUID(value)
        elif name in {"since", "until", "as_of"}:
            values[name] = dt.datetime.fromisoformat(value)
        else:
            values[name] = value
    return RecordFilter(text=text, **values)


# --- words ----------------------------------------------------------------------------------


def runs(text: str) -> list[str]:
    """The runs of letters of one script: Latin words and stretches of Han, in lower case."""
    return _RUN.findall(text.lower())


def is_han(run: str) -> bool:
    """Whether a run is Chinese."""
    return not re.match(f"[{_LATIN}]", run)


def words(text: str) -> set[str]:
    """What `audit_words` keeps of a text: Latin words, and of Han each pair of neighbours and
    the last sign."""
    found: set[str] = set()
    for run in runs(text):
        if is_han(run):
            found |= {run[at : at + 2] for at in range(len(run))}
        else:
            found.add(run[:_WORD_LENGTH])
    return found


def tsquery(text: str) -> str:
    """The query that finds `text` among `words`: every Latin word by its beginning, every
    stretch of Han by its pairs. Empty when the text holds no word."""
    terms: list[str] = []
    for run in runs(text):
        if not is_han(run):
            terms.append(f"'{run[:_WORD_LENGTH]}':*")
        elif len(run) == 1:
            terms.append(f"'{run}':*")
        else:
            terms += [f"'{run[at : at + 2]}'" for at in range(len(run) - 1)]
    return " & ".join(dict.fromkeys(terms))


def stretches(text: str) -> list[str]:
    """Stretches of Han that pairs alone do not tell apart: they must stand in one piece."""
    return [run for run in runs(text) if is_han(run) and len(run) > 2]


def bounded(found: int, limit: int) -> str:
    """A count of at most `limit` things, and a plus when there are more."""
    return f"{limit:,}+" if found > limit else f"{found:,}"
