"""The clock table under four eyes: one person drafts and submits, another puts it in force. Its
records are `clock_table.<verb>`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotFound
from core.reviewed import steps
from core.roles import Capability
from crisis.clocks import rules
from crisis.clocks.cleaning import clean_row, clean_rows
from crisis.clocks.models import FIRM, ClockTable, ClockTableVersion
from crisis.clocks.rules import Row
from crisis.clocks.services.ending import clean_reason


def require_keeper(actor: Actor) -> UUID:
    """The person behind `actor`, who must be of compliance or of crisis management; raises
    Forbidden."""
    approves = Capability.CRISIS_APPROVE in actor.capabilities
    return steps.require_person(
        actor, Capability.CRISIS_APPROVE if approves else Capability.CRISIS_RUN
    )


@transaction.atomic
def new_version(*, actor: Actor, now: dt.datetime) -> ClockTableVersion:
    """A draft with the rows of the newest version; Conflict `in_work` when there is one."""
    require_keeper(actor)
    table = ClockTable.objects.select_for_update().get(code=FIRM)
    return steps.start(ClockTableVersion, table, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save_row(
    *,
    version_id: UUID,
    row: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    replaces: str = "",
    revision: int | None = None,
) -> ClockTableVersion:
    """Add `row` to a draft, or put it in the place of the row `replaces`. Rows that start from
    that one follow its new code. Raises InvalidInput naming the field, NotFound, Conflict."""
    require_keeper(actor)
    version = steps.locked(ClockTableVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    cleaned = clean_row(row)
    if not replaces:
        return _kept(version, [*version.parsed, cleaned], actor=actor, now=now)
    _require_row(version, replaces)
    rows = [cleaned if old.code == replaces else old for old in version.parsed]
    if cleaned.code != replaces:
        rows = [_renamed(each, replaces, cleaned.code) for each in rows]
    return _kept(version, rows, actor=actor, now=now)


@transaction.atomic
def remove_row(
    *, version_id: UUID, code: str, actor: Actor, now: dt.datetime, revision: int | None = None
) -> ClockTableVersion:
    """Take a row out of a draft; refused while another starts from it."""
    require_keeper(actor)
    version = steps.locked(ClockTableVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    _require_row(version, code)
    rows = [row for row in version.parsed if row.code != code]
    return _kept(version, rows, actor=actor, now=now)


@transaction.atomic
def set_operator(
    *,
    version_id: UUID,
    operator: bool,
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> ClockTableVersion:
    """Say in a draft whether the firm operates critical information infrastructure
    (关键信息基础设施), which decides which clocks of the CAC it has."""
    require_keeper(actor)
    version = steps.locked(ClockTableVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.operator = operator
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> ClockTableVersion:
    """Send a draft to a second person; its rows are fixed from here."""
    require_keeper(actor)
    version = steps.locked(ClockTableVersion, version_id, draft=True)
    clean_rows(version.parsed)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> ClockTableVersion:
    """Put exactly what was shown in force, as compliance that had no hand in it, with a fresh
    second factor. Clocks that run keep the row that they were started by."""
    steps.require_person(actor, Capability.CRISIS_APPROVE)
    version = steps.locked(ClockTableVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> ClockTableVersion:
    """Give a version back with a reason; work goes on in a new one."""
    steps.require_person(actor, Capability.CRISIS_APPROVE)
    reason = clean_reason(reason)
    version = steps.locked(ClockTableVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


def _kept(
    version: ClockTableVersion, rows: list[Row], *, actor: Actor, now: dt.datetime
) -> ClockTableVersion:
    version.rows = [rules.canonical(row) for row in clean_rows(rows)]
    steps.save(version, actor=actor, now=now)
    return version


def _require_row(version: ClockTableVersion, code: str) -> None:
    if all(row["code"] != code for row in version.rows):
        raise NotFound(_("There is no such row."))


def _renamed(row: Row, old: str, new: str) -> Row:
    starts = [
        f"{rules.MET}{new}" if start == f"{rules.MET}{old}" else start for start in row.starts
    ]
    return rules.row_of({**rules.canonical(row), "starts": starts})
