"""Stages of a review, who may approve in which, and when it is due. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from templates_mgmt.lexicon.rules import in_reader_language
from templates_mgmt.rules import Language, clean_text

MAX_STAGES, MAX_QUORUM, MAX_DAYS = 6, 9, 60


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a review: `quorum` persons of `group` (any reviewer when blank) approve within
    `days` working days. `name` by language."""

    name: Mapping[str, str]
    group: str = ""
    quorum: int = 1
    days: int = 2

    @property
    def label(self) -> Promise:
        """Its name in the reader's language."""
        return in_reader_language(self.name)


Plan = tuple[Stage, ...]
DEFAULT: Plan = (Stage({"zh-hans": "合规审核", "en": "Compliance"}),)


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that counts in one stage (from 0), given for `on_behalf_of` if absent."""

    user: UUID
    stage: int
    on_behalf_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one stage is. `open` says that it is this stage's turn."""

    number: int
    stage: Stage
    given: int
    open: bool

    @property
    def label(self) -> Promise:
        """The stage's name in the reader's language."""
        return self.stage.label

    @property
    def done(self) -> bool:
        """Whether the quorum is reached."""
        return self.given >= self.stage.quorum

    @property
    def missing(self) -> int:
        """How many persons are still needed."""
        return max(self.stage.quorum - self.given, 0)


def standing(plan: Plan, approvals: Iterable[Approval]) -> list[Standing]:
    """Every stage in order; at most one is open, none when all are done."""
    persons: dict[int, set[UUID]] = {}
    for approval in approvals:
        persons.setdefault(approval.stage, set()).add(approval.user)
    rows, waiting = [], False
    for number, stage in enumerate(plan):
        given = len(persons.get(number, ()))
        rows.append(Standing(number, stage, given, not waiting and given < stage.quorum))
        waiting = waiting or given < stage.quorum
    return rows


def open_stage(plan: Plan, approvals: Iterable[Approval]) -> int | None:
    """The number of the stage whose turn it is; None when all are done."""
    return next((row.number for row in standing(plan, approvals) if row.open), None)


def due(start: dt.datetime, days: int) -> dt.datetime:
    """`days` working days (Monday to Friday) after `start`, at the same time of day."""
    moment = start
    while days > 0:
        moment += dt.timedelta(days=1)
        if moment.weekday() < 5:
            days -= 1
    return moment


def screen_token(
    *,
    content_hash: str,
    decisions: Sequence[str],
    comments: Sequence[tuple[str, bool]],
    lists: Sequence[str],
    filing: Sequence[str] = (),
) -> str:
    """What a reviewer's screen showed, as hex SHA-256: the content, every decision and comment
    (with whether it is settled), the word lists and clauses that were in force, and the filing
    record with what the carriers say."""
    shown = [content_hash, list(decisions), [list(item) for item in comments], sorted(lists),
             list(filing)]  # fmt: skip
    return hashlib.sha256(json.dumps(shown, separators=(",", ":")).encode()).hexdigest()


# --- input and storage ----------------------------------------------------------------------


def as_json(plan: Plan) -> list[dict[str, Any]]:
    """The plan as it is stored and frozen onto a version."""
    return [
        {"name": dict(s.name), "group": s.group, "quorum": s.quorum, "days": s.days} for s in plan
    ]


def from_json(raw: Iterable[Mapping[str, Any]]) -> Plan:
    """The inverse of `as_json`; a version without a plan has the default one."""
    return tuple(Stage(**stage) for stage in raw) or DEFAULT


def clean_plan(raw: Iterable[Mapping[str, Any]], *, groups: Iterable[str]) -> Plan:
    """A plan of 1 to MAX_STAGES stages with known groups; raises InvalidInput naming the stage."""
    known = {"", *groups}
    stages = []
    for number, item in enumerate(raw, 1):
        field = f"stages.{number}"
        name = {
            language.value: text
            for language in (Language.ZH_HANS, Language.EN)
            if (text := clean_text((item.get("name") or {}).get(language.value),
                                   field=f"{field}.name", limit=60))
        }  # fmt: skip
        if len(name) != 2:
            raise InvalidInput(
                _("Stage %(number)s needs a name in Simplified Chinese and English.")
                % {"number": number},
                code="required",
                field=field,
            )
        group = str(item.get("group") or "")
        if group not in known:
            raise InvalidInput(
                _("Stage %(number)s: there is no group “%(group)s”.")
                % {"number": number, "group": group},
                code="unknown_value",
                field=field,
            )
        quorum = _number(item.get("quorum", 1), MAX_QUORUM, number, field)
        days = _number(item.get("days", 2), MAX_DAYS, number, field)
        stages.append(Stage(name, group, quorum, days))
    if not 1 <= len(stages) <= MAX_STAGES:
        raise InvalidInput(
            _("A review has 1 to %(limit)s stages.") % {"limit": MAX_STAGES}, field="stages"
        )
    return tuple(stages)


def _number(value: object, limit: int, stage: int, field: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 1 <= number <= limit:
        raise InvalidInput(
            _("Stage %(stage)s: write a number from 1 to %(limit)s.")
            % {"stage": stage, "limit": limit},
            code="out_of_range",
            field=field,
        )
    return number
