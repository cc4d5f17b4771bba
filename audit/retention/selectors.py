"""Reads of the schedule, of holds, of what is due, and of why something must stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import gettext as _

from audit.retention import rules
from audit.retention.models import (
    LegalHold,
    ProposalState,
    RetentionProposal,
    RetentionRule,
    RetentionSchedule,
    ScheduleState,
)
from audit.retention.rules import Reason
from core.errors import Misconfigured, NotFound
from core.models import BusinessLine, User


def schedule_in_force() -> RetentionSchedule:
    """The approved version with the highest number, with its rules; raises Misconfigured when
    there is none (the first one is shipped)."""
    found = (
        RetentionSchedule.objects.filter(state=ScheduleState.APPROVED)
        .prefetch_related("rules")
        .order_by("-number")
        .first()
    )
    if found is None:
        raise Misconfigured(_("There is no approved retention schedule."))
    return found


def jurisdictions_of(schedule: RetentionSchedule, line: UUID | None) -> frozenset[str]:
    """The jurisdictions of a business line, or the firm's."""
    own = schedule.lines.get(str(line)) if line else None
    return frozenset(own or schedule.jurisdictions)


def holds_in_force() -> QuerySet[LegalHold]:
    """The holds that nobody released, newest first."""
    return LegalHold.objects.filter(released_at=None)


def holds_on(
    *, investor: UUID | None = None, notice: UUID | None = None, staff: UUID | None = None
) -> list[LegalHold]:
    """The holds in force that name exactly this investor, notice or member of staff."""
    wanted = Q(pk=None)
    for name, value in (("investor", investor), ("notice", notice), ("staff", staff)):
        if value is not None:
            wanted |= Q(**{name: value})
    return list(holds_in_force().filter(wanted))


def reasons_to_keep(*, investor: UUID, now: dt.datetime) -> list[Reason]:
    """Why an investor's personal data may not be erased at `now`: legal holds first, then
    retention duties, the longest first. Empty: erasure is allowed.

    Holds count also when they name a notice that the investor got, a member of staff who dealt
    with the investor, or a period in which something happened. Raises NotFound for an unknown
    investor.
    """
    schedule = schedule_in_force()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_retention_relationship(%s)", [investor])
        row = cursor.fetchone()
        if row is None:
            raise NotFound(_("There is no such investor."))
        line, _began, ended = row
        cursor.execute("SELECT kind, at FROM audit_retention_last(%s)", [investor])
        last = dict(cursor.fetchall())
    found = rules.duties(
        [each.rule for each in schedule.rules.all()],
        last_by_kind=last,
        jurisdictions=jurisdictions_of(schedule, line),
        relationship_end=ended,
        now=now,
    )
    return [*hold_reasons(investor), *found]


def hold_reasons(investor: UUID) -> Iterable[Reason]:
    """The legal holds in force that touch an investor, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_retention_holds(%s)", [investor])
        ids = [row[0] for row in cursor.fetchall()]
    for hold in LegalHold.objects.filter(pk__in=ids).order_by("id"):
        yield Reason("hold", hold.matter, _("Legal hold"), None)


# --- what is due ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """Material of one store: how much is due, how much of what would be due a hold keeps, and a
    few ids of what is due."""

    due: int
    held: int
    sample: tuple[UUID, ...]


def material_due(store: str, *, sample: int) -> Due:
    """Count what is due in `store` now, by the database's clock and the schedule in force."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT held), count(*) FILTER (WHERE held) "
            "FROM audit_retention_material(%s, true, NULL)",
            [store],
        )
        due, held = cursor.fetchone()
        cursor.execute("SELECT key FROM audit_retention_material(%s, false, %s)", [store, sample])
        return Due(due, held, tuple(key for (key,) in cursor.fetchall()))


def approved_proposals() -> list[UUID]:
    """The proposals that are approved and not done, oldest first."""
    rows = RetentionProposal.objects.filter(state=ProposalState.APPROVED).order_by("id")
    return list(rows.values_list("pk", flat=True))


def proposals() -> QuerySet[RetentionProposal]:
    """All proposals, newest first."""
    return RetentionProposal.objects.prefetch_related("items").order_by("-id")


def proposal_by_id(proposal_id: UUID) -> RetentionProposal:
    """The proposal with its items; raises NotFound."""
    found = proposals().select_related("schedule").filter(pk=proposal_id).first()
    if found is None:
        raise NotFound(_("There is no such proposal."))
    return found


# --- the schedule and the holds -------------------------------------------------------------


def schedules() -> QuerySet[RetentionSchedule]:
    """All versions, newest first."""
    return RetentionSchedule.objects.order_by("-number")


def schedule_by_id(schedule_id: UUID) -> RetentionSchedule:
    """The version with its rules; raises NotFound."""
    found = schedules().prefetch_related("rules").filter(pk=schedule_id).first()
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def table_of(schedule: RetentionSchedule) -> dict[str, Any]:
    """A version as plain data, for the record that proves what was approved."""
    names = ("code", "kinds", "jurisdictions", "bound", "amount", "unit", "basis", "source",
             "active", "to_check")  # fmt: skip
    return {
        "jurisdictions": schedule.jurisdictions,
        "lines": schedule.lines,
        "assignments": schedule.assignments,
        "rules": list(schedule.rules.order_by("code").values(*names)),
    }


def holds() -> QuerySet[LegalHold]:
    """All holds: those in force first, newest first."""
    in_force = Case(When(released_at=None, then=0), default=1)
    return LegalHold.objects.annotate(over=in_force).order_by("over", "-id")


def hold_by_id(hold_id: UUID) -> LegalHold:
    """The hold; raises NotFound."""
    found = LegalHold.objects.filter(pk=hold_id).first()
    if found is None:
        raise NotFound(_("There is no such hold."))
    return found


def person_names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Display names of members of staff, in one query."""
    wanted = [each for each in ids if each is not None]
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}


def assigned_kinds(schedule: RetentionSchedule) -> dict[str, list[str]]:
    """The kinds of each prefix of actions, in order."""
    found: dict[str, list[str]] = {}
    for prefix, kind in sorted(schedule.assignments):
        found.setdefault(prefix, []).append(kind)
    return found


def assignments_with_change(schedule: RetentionSchedule) -> list[tuple[str, list[str], str]]:
    """(prefix, kinds, change) of a version; the change against the version before is `new`,
    `changed`, `gone` (with the kinds it had) or blank."""
    mine = assigned_kinds(schedule)
    base = RetentionSchedule.objects.filter(number=schedule.number - 1).first()
    before = assigned_kinds(base) if base else mine
    rows = []
    for prefix in sorted({*mine, *before}):
        change = "" if mine.get(prefix) == before.get(prefix) else "changed"
        if prefix not in before:
            change = "new"
        elif prefix not in mine:
            change = "gone"
        rows.append((prefix, mine.get(prefix) or before[prefix], change))
    return rows


def line_names(schedule: RetentionSchedule) -> list[tuple[str, list[str]]]:
    """(business line, jurisdictions) of the lines with a list of their own."""
    names = {str(line.pk): line.name for line in BusinessLine.objects.all()}
    return [(names.get(line, line), codes) for line, codes in schedule.lines.items()]


def rules_with_change(schedule: RetentionSchedule) -> list[tuple[RetentionRule, str]]:
    """The classes of a version, each with what it is against the version before: `new`,
    `changed` or blank."""
    before = {
        rule.code: rule.rule
        for rule in RetentionRule.objects.filter(schedule__number=schedule.number - 1)
    }
    rows = []
    for each in schedule.rules.all():
        change = "" if before.get(each.code) == each.rule or schedule.number == 1 else "changed"
        rows.append((each, change if each.code in before or not change else "new"))
    return rows
