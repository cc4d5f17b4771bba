"""Writes on indicators: the table, the readings, costs and benefits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor, system
from core.errors import Conflict, InvalidInput, NotFound
from core.reviewed import steps
from core.reviewed.steps import require_person
from core.roles import Capability
from core.texts import clean_text
from crisis.indicators import rules, selectors
from crisis.indicators.measures import MEASURES
from crisis.indicators.models import FIRM, Account, IndicatorTable, IndicatorTableVersion, Reading
from crisis.indicators.rules import Indicator

EDIT, APPROVE = Capability.RISK_EDIT, Capability.RISK_APPROVE

# The table ------------------------------------------------------------------------------------


@transaction.atomic
def new_version(*, actor: Actor, now: dt.datetime) -> IndicatorTableVersion:
    """A draft with the rows and goals of the newest version. Raises Conflict `in_work`."""
    require_person(actor, EDIT)
    table = IndicatorTable.objects.select_for_update().get(code=FIRM)
    return steps.start(IndicatorTableVersion, table, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    rows: Sequence[Mapping[str, Any]],
    goals: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> IndicatorTableVersion:
    """Replace rows and goals of a draft. Raises InvalidInput `rows.<n>.<field>` or
    `goals.<field>`, Conflict `stale_draft`."""
    require_person(actor, EDIT)
    version = steps.locked(IndicatorTableVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    cleaned = rules.clean_rows(rows, frozenset(MEASURES))
    version.rows = [rules.stored(row) for row in cleaned]
    version.goals = rules.stored_goals(rules.clean_goals(goals))
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> IndicatorTableVersion:
    """Send a draft to a second person."""
    require_person(actor, EDIT)
    version = steps.locked(IndicatorTableVersion, version_id, draft=True)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> IndicatorTableVersion:
    """Put it in force as a person who had no hand in it; readings from then on go by it."""
    require_person(actor, APPROVE)
    version = steps.locked(IndicatorTableVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> IndicatorTableVersion:
    """Give it back with a reason."""
    require_person(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(IndicatorTableVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


# Readings -------------------------------------------------------------------------------------


def read_months(*, now: dt.datetime) -> int:
    """Read what the product measures of every whole month since the last reading (a year at
    most); answers how many readings were kept. Run twice, it keeps none twice."""
    this = rules.month_of(timezone.localdate(now))
    kept = 0
    for back in range(selectors.MONTHS, 0, -1):
        kept += _read_month(rules.months_before(this, back), now)
    return kept


@transaction.atomic
def _read_month(month: dt.date, now: dt.datetime) -> int:
    table = selectors.table_in_force()
    IndicatorTable.objects.select_for_update().get(pk=table.table_id)
    done = set(Reading.objects.filter(month=month, by=None).values_list("code", flat=True))
    start, end = selectors.span_of(month)
    kept = 0
    for row in table.indicators:
        if not row.source or row.code in done:
            continue
        found = MEASURES[row.source].read(start, end)
        if found is None:
            continue
        reading = _keep(row, month, found.value, system("crisis"), now)
        reading.part, reading.whole = found.part, found.whole
        reading.save(force_insert=True)
        _note_reading(reading, system("crisis"), now)
        kept += 1
    return kept


@transaction.atomic
def write_reading(
    *, month: dt.date, code: str, value: object, note: str, actor: Actor, now: dt.datetime
) -> Reading:
    """Write down the value of an indicator that the product does not measure, for a month that
    has begun. Written anew, the newest counts. Raises InvalidInput naming the field."""
    person = require_person(actor, EDIT)
    row = next((each for each in selectors.table_in_force().indicators if each.code == code), None)
    if row is None or row.source:
        raise InvalidInput(_("Choose an indicator that is written by hand."), field="code")
    if month != rules.month_of(month) or month > timezone.localdate(now):
        raise InvalidInput(_("Choose a month that has begun."), field="month")
    note = clean_text(note, field="note", limit=500)
    if not note:
        raise InvalidInput(_("Say where the value comes from."), code="required", field="note")
    reading = _keep(row, month, rules.percent(value, "value"), actor, now)
    reading.note, reading.by_id = note, person
    reading.save(force_insert=True)
    _note_reading(reading, actor, now)
    return reading


def _keep(
    row: Indicator, month: dt.date, value: Decimal, actor: Actor, now: dt.datetime
) -> Reading:
    return Reading(
        month=month, code=row.code, value=value, band=row.band(value).value,
        row=rules.stored(row), read_at=now,
    )  # fmt: skip


def _note_reading(reading: Reading, actor: Actor, now: dt.datetime) -> None:
    payload = {
        "month": reading.month.isoformat(), "code": reading.code, "value": str(reading.value),
        "part": reading.part, "whole": reading.whole, "band": reading.band,
    }  # fmt: skip
    _record("indicator.read", f"reading:{reading.pk}", actor, now, payload)


# Costs and benefits ---------------------------------------------------------------------------


@transaction.atomic
def add_account(
    *,
    year: int,
    is_benefit: bool,
    amount: object,
    what: str,
    reckoning: str,
    actor: Actor,
    now: dt.datetime,
) -> Account:
    """Enter a cost of risk control, or a benefit of it, with how it was reckoned. Raises
    InvalidInput naming the field."""
    person = require_person(actor, EDIT)
    try:
        money = Decimal(str(amount).strip())
    except InvalidOperation:
        money = Decimal(0)
    if not money.is_finite() or not 0 < money < 10**12 or money != round(money, 2):
        raise InvalidInput(_("Give an amount in yuan."), field="amount")
    if not 2000 <= year <= timezone.localdate(now).year:
        raise InvalidInput(_("Choose a year up to this one."), field="year")
    what = _needed(what, "what", 200)
    row = Account.objects.create(
        year=year, is_benefit=is_benefit, amount=money, what=what,
        reckoning=_needed(reckoning, "reckoning", 500), by_id=person, at=now,
    )  # fmt: skip
    payload = {"year": year, "benefit": is_benefit, "amount": str(money), "what": what}
    _record("account.added", f"account:{row.pk}", actor, now, payload)
    return row


@transaction.atomic
def reverse_account(*, account_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Account:
    """Take an entry back, with a reason. Both stay. Raises NotFound or Conflict `reversed`."""
    person = require_person(actor, EDIT)
    row = Account.objects.filter(pk=account_id, reverses=None).first()
    if row is None:
        raise NotFound(_("There is no such entry."))
    if Account.objects.filter(reverses=row).exists():
        raise Conflict(_("This entry was taken back before."), code="reversed")
    reason = _needed(reason, "reason", 500)
    back = Account.objects.create(
        year=row.year, is_benefit=row.is_benefit, amount=-row.amount, what=row.what,
        reckoning=reason, reverses=row, by_id=person, at=now,
    )  # fmt: skip
    payload = {"reverses": str(row.pk), "amount": str(back.amount), "reason": reason}
    _record("account.reversed", f"account:{row.pk}", actor, now, payload)
    return back


def _needed(raw: str, field: str, limit: int) -> str:
    text = clean_text(raw, field=field, limit=limit)
    if not text:
        raise InvalidInput(_("This field is required."), code="required", field=field)
    return text


def _record(
    action: str, object: str, actor: Actor, now: dt.datetime, payload: dict[str, Any]
) -> None:
    about = Subjects(object=object)
    record(action=action, actor=actor, now=now, subjects=about, payload=payload)
