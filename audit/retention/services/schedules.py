"""Versions of the retention schedule: drafted by one person, approved by another."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.canonical import canonical_text
from audit.retention import selectors
from audit.retention.models import RetentionRule, RetentionSchedule, ScheduleState
from audit.retention.rules import Basis, Bound, Jurisdiction, Kind, Unit
from audit.retention.services.checks import note, person, required
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability

COPIED = (
    "code", "name", "name_zh", "kinds", "jurisdictions", "bound", "amount", "unit", "basis",
    "source", "note", "active", "to_check",
)  # fmt: skip

# The beginning of an action's dotted name, or the whole of it.
PREFIX = re.compile(r"\A[a-z0-9_]{1,40}\.[a-z0-9_.]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a person says of one class; names of kinds and units as in `rules`."""

    code: str
    name: str
    name_zh: str
    kinds: Sequence[str]
    jurisdictions: Sequence[str]
    bound: str
    amount: int
    unit: str
    basis: str
    source: str
    note: str = ""
    active: bool = True
    to_check: bool = False


def draft_schedule(*, reason: str, actor: Actor, now: dt.datetime) -> RetentionSchedule:
    """A new draft, copied from the version in force; needs RETENTION_MANAGE.

    Raises Conflict while another version is open.
    """
    require(actor, Capability.RETENTION_MANAGE)
    who, reason = person(actor), required(reason, "reason")
    with transaction.atomic():
        base = selectors.schedule_in_force()
        RetentionSchedule.objects.select_for_update().get(pk=base.pk)
        if RetentionSchedule.objects.filter(state__in=["draft", "submitted"]).exists():
            raise Conflict(
                _("Another version is open; finish that one first."), code="open_version"
            )
        newest = RetentionSchedule.objects.aggregate(n=Max("number"))["n"]
        schedule = RetentionSchedule.objects.create(
            number=newest + 1,
            jurisdictions=base.jurisdictions,
            lines=base.lines,
            assignments=base.assignments,
            reason=reason,
            editors=[who],
            drafted_at=now,
        )
        RetentionRule.objects.bulk_create(
            RetentionRule(schedule=schedule, **{name: getattr(each, name) for name in COPIED})
            for each in base.rules.all()
        )
        _note(schedule, "retention.schedule_drafted", actor, now, text=reason)
    return schedule


def save_rule(
    *, schedule_id: UUID, words: RuleWords, actor: Actor, now: dt.datetime
) -> RetentionRule:
    """Add the class `words.code` to a draft, or change it; needs RETENTION_MANAGE. The record
    carries the class before and after."""
    require(actor, Capability.RETENTION_MANAGE)
    _check(words)
    with transaction.atomic():
        schedule = _open(schedule_id, ScheduleState.DRAFT)
        _edited(schedule, actor)
        found = RetentionRule.objects.filter(schedule=schedule, code=words.code).first()
        before = {name: getattr(found, name) for name in COPIED} if found else None
        rule, _made = RetentionRule.objects.update_or_create(
            schedule=schedule, code=words.code, defaults=asdict(words)
        )
        after = {name: getattr(rule, name) for name in COPIED}
        payload = {"version": schedule.number, "before": before, "after": after}
        note("retention.rule_saved", _ref(schedule), actor=actor, now=now, payload=payload)
    return rule


def change_scope(
    *,
    schedule_id: UUID,
    jurisdictions: Sequence[str],
    lines: Mapping[str, Sequence[str]],
    actor: Actor,
    now: dt.datetime,
) -> RetentionSchedule:
    """Say in a draft which jurisdictions the firm is under, and which narrower lists hold for
    business lines ({line id: [code]}); needs RETENTION_MANAGE."""
    require(actor, Capability.RETENTION_MANAGE)
    _known(jurisdictions, Jurisdiction, "jurisdictions", at_least_one=True)
    for codes in lines.values():
        if not set(codes) <= set(jurisdictions):
            raise InvalidInput(
                _("A line cannot be under a law that the firm is not."), field="lines"
            )
    with transaction.atomic():
        schedule = _open(schedule_id, ScheduleState.DRAFT)
        _edited(schedule, actor)
        schedule.jurisdictions = sorted(set(jurisdictions))
        schedule.lines = {line: sorted(set(codes)) for line, codes in lines.items() if codes}
        schedule.save(update_fields=["jurisdictions", "lines"])
        payload = {"jurisdictions": schedule.jurisdictions, "lines": schedule.lines}
        note("retention.scope_changed", _ref(schedule), actor=actor, now=now, payload=payload)
    return schedule


def change_assignments(
    *,
    schedule_id: UUID,
    assignments: Iterable[tuple[str, str]],
    actor: Actor,
    now: dt.datetime,
) -> RetentionSchedule:
    """Say in a draft which kinds the records of an action are: pairs of a prefix of actions and a
    kind; the longest prefix decides, and what none fits is a business record. Needs
    RETENTION_MANAGE. The record carries the pairs before and after."""
    require(actor, Capability.RETENTION_MANAGE)
    pairs = sorted({(prefix.strip(), kind) for prefix, kind in assignments})
    _known([kind for _prefix, kind in pairs], Kind, "kinds", at_least_one=True)
    for prefix, _kind in pairs:
        if not PREFIX.fullmatch(prefix):
            raise InvalidInput(
                _("“%(prefix)s” is not the beginning of an action, like “notice.”.")
                % {"prefix": prefix},
                field="prefix",
            )
    with transaction.atomic():
        schedule = _open(schedule_id, ScheduleState.DRAFT)
        _edited(schedule, actor)
        before = schedule.assignments
        schedule.assignments = [list(pair) for pair in pairs]
        schedule.save(update_fields=["assignments"])
        payload = {"version": schedule.number, "before": before, "after": schedule.assignments}
        note("retention.kinds_assigned", _ref(schedule), actor=actor, now=now, payload=payload)
    return schedule


def submit_schedule(*, schedule_id: UUID, actor: Actor, now: dt.datetime) -> RetentionSchedule:
    """Put a draft before a second person; needs RETENTION_MANAGE. It cannot change after."""
    require(actor, Capability.RETENTION_MANAGE)
    with transaction.atomic():
        schedule = _open(schedule_id, ScheduleState.DRAFT)
        schedule.state = ScheduleState.SUBMITTED
        schedule.submitted_by, schedule.submitted_at = person(actor), now
        schedule.save(update_fields=["state", "submitted_by", "submitted_at"])
        _note(schedule, "retention.schedule_submitted", actor, now)
    return schedule


def approve_schedule(*, schedule_id: UUID, actor: Actor, now: dt.datetime) -> RetentionSchedule:
    """Put a version in force; needs RETENTION_APPROVE, a step-up, and no hand in the version."""
    return _decide(schedule_id, ScheduleState.APPROVED, "", actor, now)


def refuse_schedule(
    *, schedule_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> RetentionSchedule:
    """Refuse a version, saying why; who may do it is as for approval."""
    return _decide(schedule_id, ScheduleState.REFUSED, required(reason, "reason"), actor, now)


def _decide(
    schedule_id: UUID, state: ScheduleState, reason: str, actor: Actor, now: dt.datetime
) -> RetentionSchedule:
    require(actor, Capability.RETENTION_APPROVE)
    require_step_up(actor, now)
    with transaction.atomic():
        schedule = _open(schedule_id, ScheduleState.SUBMITTED)
        require_other_person(actor, [*schedule.editors, schedule.submitted_by])
        schedule.state, schedule.decision_reason = state, reason
        schedule.decided_by, schedule.decided_at = person(actor), now
        schedule.save(update_fields=["state", "decision_reason", "decided_by", "decided_at"])
        _note(schedule, f"retention.schedule_{state.value}", actor, now, text=reason)
    return schedule


def _open(schedule_id: UUID, state: ScheduleState) -> RetentionSchedule:
    schedule = RetentionSchedule.objects.select_for_update().filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(_("There is no such version."))
    if schedule.state != state:
        raise Conflict(_("This version is not in the state that this step needs."))
    return schedule


def _edited(schedule: RetentionSchedule, actor: Actor) -> None:
    who = person(actor)
    if who not in schedule.editors:
        schedule.editors = [*schedule.editors, who]
        schedule.save(update_fields=["editors"])


def _check(words: RuleWords) -> None:
    for field in ("code", "name", "name_zh", "source"):
        required(getattr(words, field), field)
    _known(words.kinds, Kind, "kinds", at_least_one=True)
    _known(words.jurisdictions, Jurisdiction, "jurisdictions", at_least_one=False)
    _known([words.bound], Bound, "bound", at_least_one=True)
    _known([words.unit], Unit, "unit", at_least_one=True)
    _known([words.basis], Basis, "basis", at_least_one=True)
    if not 1 <= words.amount <= 40_000:
        raise InvalidInput(_("A period is 1 to 40,000 units."), field="amount")
    if words.to_check and words.active:
        raise InvalidInput(_("A class that is to be checked stays switched off."), field="active")


def _known(
    codes: Sequence[str],
    among: type[Jurisdiction | Kind | Bound | Unit | Basis],
    field: str,
    *,
    at_least_one: bool,
) -> None:
    if set(codes) - {each.value for each in among} or (at_least_one and not codes):
        raise InvalidInput(_("Choose from the list."), field=field)


def _ref(schedule: RetentionSchedule) -> str:
    return f"retention_schedule:{schedule.pk}"


def _note(
    schedule: RetentionSchedule, action: str, actor: Actor, now: dt.datetime, text: str = ""
) -> None:
    payload = {"version": schedule.number, "table": canonical_text(selectors.table_of(schedule))}
    note(action, _ref(schedule), actor=actor, now=now, payload=payload, text=text)
