"""Types, states, assessments and acceptances of a risk. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import texts
from core.errors import InvalidInput
from core.transitions import Machine, Move
from crisis.incidents.rules import commitment

MAX_TITLE = 200  # characters
MAX_TEXT = 4000
MAX_DEPARTMENT = 60
# An acceptance is looked at again at least once a year.
LONGEST_ACCEPTANCE = dt.timedelta(days=366)


class Kind(StrEnum):
    """Where a risk comes from (R1)."""

    PROCESS = "process"
    TECHNOLOGY = "technology"
    DATA = "data"
    RESOURCE = "resource"


KIND_LABELS = {
    Kind.PROCESS: _("Process"),
    Kind.TECHNOLOGY: _("Technology"),
    Kind.DATA: _("Data"),
    Kind.RESOURCE: _("Resources"),
}


class State(StrEnum):
    """Where a risk stands."""

    DRAFT = "draft"
    OPEN = "open"
    ACCEPTED = "accepted"
    CLOSED = "closed"


STATE_LABELS = {
    State.DRAFT: _("Draft"),
    State.OPEN: _("Open"),
    State.ACCEPTED: _("Accepted for a time"),
    State.CLOSED: pgettext_lazy("risk", "Closed"),
}
LIVE = frozenset({State.DRAFT, State.OPEN, State.ACCEPTED})

MACHINE = Machine(
    name="risk",
    moves={
        (State.DRAFT, State.OPEN): Move("open"),
        (State.DRAFT, State.CLOSED): Move("close", reason=True),
        (State.OPEN, State.ACCEPTED): Move("accept"),
        (State.ACCEPTED, State.OPEN): Move("reopen", reason=True),
        (State.OPEN, State.CLOSED): Move("close", reason=True),
        (State.CLOSED, State.OPEN): Move("reopen", reason=True),
    },
)


class Stage(StrEnum):
    """What an assessment speaks of: the risk without controls, as it is now, and as it will be
    when the controls named for it do what they should."""

    INHERENT = "inherent"
    CURRENT = "current"
    RESIDUAL = "residual"


STAGE_LABELS = {
    Stage.INHERENT: _("Inherent"),
    Stage.CURRENT: _("Current"),
    Stage.RESIDUAL: _("Residual"),
}


class AcceptanceState(StrEnum):
    """Where an acceptance stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REPLACED = "replaced"


ACCEPTANCE_LABELS = {
    AcceptanceState.PROPOSED: _("Proposed"),
    AcceptanceState.ACTIVE: _("In force"),
    AcceptanceState.DECLINED: _("Declined"),
    AcceptanceState.WITHDRAWN: _("Withdrawn"),
    AcceptanceState.REVOKED: _("Revoked"),
    AcceptanceState.EXPIRED: _("Expired"),
    AcceptanceState.REPLACED: _("Replaced by a newer one"),
}

_A = AcceptanceState
ACCEPTANCE = Machine(
    name="acceptance",
    moves={
        (_A.PROPOSED, _A.ACTIVE): Move("approve"),
        (_A.PROPOSED, _A.DECLINED): Move("decline", reason=True),
        (_A.PROPOSED, _A.WITHDRAWN): Move("withdraw", reason=True),
        (_A.ACTIVE, _A.REVOKED): Move("revoke", reason=True),
        (_A.ACTIVE, _A.EXPIRED): Move("expire"),
        (_A.ACTIVE, _A.REPLACED): Move("replace"),
    },
)


def words_proof(salt: bytes, **words: str) -> str:
    """What the ledger keeps of words that people wrote: a commitment that binds them without
    telling them (see `crisis.incidents.rules.commitment`)."""
    return commitment(salt, json.dumps(words, ensure_ascii=False, sort_keys=True))


def clean_line(raw: str, *, field: str, limit: int) -> str:
    """One line of words, needed; raises InvalidInput."""
    text = " ".join(texts.clean_text(raw, field=field, limit=MAX_TEXT).split())
    if not text or len(text) > limit:
        raise InvalidInput(_("Write 1 to %(limit)s characters.") % {"limit": limit}, field=field)
    return text


def clean_text(raw: str, *, field: str, required: bool = False) -> str:
    """A text of up to 4,000 characters; raises InvalidInput."""
    text = texts.clean_text(raw, field=field, limit=MAX_TEXT)
    if required and not text:
        raise InvalidInput(_("Write 1 to %(limit)s characters.") % {"limit": MAX_TEXT}, field=field)
    return text


def clean_percent(raw: Any, *, field: str) -> int:
    """A whole number of percent from 0 to 100; raises InvalidInput."""
    try:
        value = int(raw)
    except (TypeError, ValueError):
        value = -1
    if not 0 <= value <= 100 or (isinstance(raw, float) and raw != value):
        raise InvalidInput(_("Give a whole number from 0 to 100."), field=field)
    return value


def clean_kind(raw: str) -> str:
    """A type of risk; raises InvalidInput `kind`."""
    if raw not in set(Kind):
        raise InvalidInput(_("Choose a type."), field="kind")
    return str(raw)


def clean_stage(raw: str) -> str:
    """A stage of assessment; raises InvalidInput `stage`."""
    if raw not in set(Stage):
        raise InvalidInput(_("Choose what is assessed."), field="stage")
    return str(raw)


def check_order(
    assessed: Mapping[str, tuple[int, int]], stage: str, point: tuple[int, int]
) -> None:
    """Refuse a stage that is worse than the risk without any control: neither likelihood nor
    impact can be above the inherent one, nor may an inherent one fall below what stands.

    Raises InvalidInput `likelihood` or `impact`.
    """
    after = {**assessed, stage: point}
    inherent = after.get(Stage.INHERENT)
    if inherent is None:
        return
    for name, index in (("likelihood", 0), ("impact", 1)):
        if any(after[each][index] > inherent[index] for each in after):
            raise InvalidInput(
                _("Without controls a risk is never smaller than with them."), field=name
            )


def clean_expiry(expires_on: dt.date, *, today: dt.date) -> dt.date:
    """The last day of an acceptance: after today, within 366 days; raises InvalidInput."""
    if not dt.timedelta(0) < expires_on - today <= LONGEST_ACCEPTANCE:
        raise InvalidInput(_("Choose a day after today, at most a year ahead."), field="expires_on")
    return expires_on


def has_expired(expires_on: dt.date, *, today: dt.date) -> bool:
    """Whether the last day of an acceptance is over."""
    return today > expires_on


def quarter_of(day: dt.date) -> str:
    """The quarter of a day, as 2026Q4."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_bounds(quarter: str) -> tuple[dt.date, dt.date]:
    """First day of a quarter, and of the next; raises InvalidInput `quarter`."""
    year, _sep, part = quarter.partition("Q")
    if not (len(year) == 4 and year.isascii() and year.isdigit() and part in {"1", "2", "3", "4"}):
        raise InvalidInput(_("Write a quarter as 2026Q4."), field="quarter")
    if not 2000 <= int(year) <= 2200:
        raise InvalidInput(_("Write a quarter as 2026Q4."), field="quarter")
    first = dt.date(int(year), 3 * int(part) - 2, 1)
    return first, (first + dt.timedelta(days=95)).replace(day=1)


def quarters_back(day: dt.date, count: int) -> list[str]:
    """The quarter of a day and the ones before it, newest first."""
    found = []
    for _each in range(count):
        found.append(quarter_of(day))
        day = quarter_bounds(found[-1])[0] - dt.timedelta(days=1)
    return found
