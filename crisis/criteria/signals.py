"""A signal comes in: it is kept, and starts an incident, joins one, or leads to nothing (C1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict, InvalidInput
from core.texts import clean_text
from crisis.criteria import rules
from crisis.criteria.models import Effect, Signal
from crisis.criteria.rules import Combine, Criterion, Outcome
from crisis.criteria.selectors import in_force
from crisis.incidents.models import Incident
from crisis.incidents.rules import EntryKind
from crisis.incidents.services.activating import open_incident, open_with
from crisis.incidents.timeline import add_entry, entry_proof

EARLY = dt.timedelta(minutes=5)
LATE = dt.timedelta(days=7)


@transaction.atomic
def report_measure(
    *,
    source: str,
    measure: str,
    value: Decimal,
    at: dt.datetime,
    message_id: str,
    unit: str = "",
    body_hash: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Signal:
    """Keep a value of a measure and do what the criteria in force say: start an incident, join
    the open one that the same criterion started, or nothing. For those that have established who
    `source` is: the product's monitors, and the signed API.

    The same message again is the same signal. Raises InvalidInput `measure`, `value`, `unit`,
    `at` or `message_id`, Conflict `replayed` for a known message with another body.
    """
    unit = clean_text(unit, field="unit", limit=30)
    _check(measure, at, message_id, now)
    value = rules.number(value, "value")
    with connection.cursor() as cursor:  # one at a time per measure: no two incidents at once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"signal {measure}"])
    known = Signal.objects.filter(source=source, message_id=message_id).first()
    if known is not None:
        if known.body_hash != body_hash:
            raise Conflict(_("This message was sent before with other content."), code="replayed")
        return known
    met = _met(source, measure, value, unit, at)
    led = [_lead(each, held, value=value, source=source, at=at, actor=actor, now=now)
           for each, held in met]  # fmt: skip
    outcomes = {outcome for outcome, _incident in led}
    signal = Signal.objects.create(
        source=source, message_id=message_id, measure=measure, value=value, unit=unit, at=at,
        received_at=now, body_hash=body_hash,
        outcome=next(
            (each.value for each in (Outcome.OPENED, Outcome.ATTACHED) if each in outcomes),
            Outcome.NOTHING.value,
        ),
    )  # fmt: skip
    Effect.objects.bulk_create(
        Effect(signal=signal, criterion=each.code, value=held, outcome=outcome.value,
               incident=incident)
        for (each, held), (outcome, incident) in zip(met, led, strict=True)
    )  # fmt: skip
    _tell(signal, met, led, actor=actor, now=now)
    return signal


def _check(measure: str, at: dt.datetime, message_id: str, now: dt.datetime) -> None:
    if not rules.CODE.fullmatch(measure):
        raise InvalidInput(_("A code has a–z, 0–9 and _, a letter first."), field="measure")
    if at.tzinfo is None or not now - LATE <= at <= now + EARLY:
        raise InvalidInput(_("This is not within the last seven days."), field="at")
    if not message_id or len(message_id) > 200:
        raise InvalidInput(_("Give the message an id of 1 to 200 characters."), field="message_id")


def _met(
    source: str, measure: str, value: Decimal, unit: str, at: dt.datetime
) -> list[tuple[Criterion, Decimal]]:
    """The criteria that are met, with the value that was held against each."""
    met = []
    for each in in_force():
        if not each.looks_at(measure, source):
            continue
        if unit and each.unit and unit != each.unit:
            raise InvalidInput(
                _("“%(criterion)s” counts in %(unit)s.")
                % {"criterion": each.label, "unit": each.unit},
                code="other_unit",
                field="unit",
            )
        held = value + (_earlier(each, at) if each.combine == Combine.SUM else 0)
        if each.met_by(held):
            met.append((each, held))
    return met


def _earlier(criterion: Criterion, at: dt.datetime) -> Decimal:
    """The sum of what came before within the criterion's window."""
    since = at - dt.timedelta(minutes=criterion.window)
    rows = Signal.objects.filter(measure=criterion.measure, at__gt=since, at__lte=at)
    if criterion.source:
        rows = rows.filter(source=criterion.source)
    total: Decimal | None = rows.aggregate(total=Sum("value"))["total"]
    return total or Decimal(0)


def _lead(
    criterion: Criterion,
    held: Decimal,
    *,
    value: Decimal,
    source: str,
    at: dt.datetime,
    actor: Actor,
    now: dt.datetime,
) -> tuple[Outcome, Incident]:
    """Start the criterion's incident, or join the one that is open."""
    detail = {
        "criterion": criterion.code, "source": source, "measure": criterion.measure,
        "value": f"{value:f}", "held": f"{held:f}",
    }  # fmt: skip
    incident = open_with(rules.dedupe_of(criterion.code))
    if incident is None:
        incident = open_incident(
            title=criterion.label, cause=rules.dedupe_of(criterion.code),
            dedupe=rules.dedupe_of(criterion.code), nature=criterion.nature,
            since=min(at, now), detail=detail, actor=actor, now=now,
        )  # fmt: skip
        return Outcome.OPENED, incident
    recent = incident.entries.filter(
        kind=EntryKind.SIGNAL, detail__criterion=criterion.code,
        recorded_at__gt=now - rules.NOTED_EVERY,
    )  # fmt: skip
    if not recent.exists():
        said = _text("Signal “%(name)s”: %(value)s %(unit)s, from %(source)s.") % {
            "name": criterion.label, "value": f"{held:f}", "unit": criterion.unit,
            "source": source,
        }  # fmt: skip
        add_entry(
            incident, EntryKind.SIGNAL, said, actor=actor, now=now, at=min(at, now), detail=detail
        )
    return Outcome.ATTACHED, incident


def _tell(
    signal: Signal,
    met: list[tuple[Criterion, Decimal]],
    led: list[tuple[Outcome, Incident]],
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    """The record `signal.received`. The lines that the signal wrote are bound by their hash."""
    proofs: list[dict[str, Any]] = []
    for _outcome, incident in led:
        entry = incident.entries.filter(kind=EntryKind.SIGNAL, recorded_at=now).last()
        proofs += [entry_proof(entry)] if entry else []
    record(
        action="signal.received",
        actor=actor,
        now=now,
        occurred_at=signal.at if signal.at <= now else now,
        subjects=Subjects(
            incident=led[0][1].pk if led else None, object=f"signal:{signal.pk}"
        ),
        payload={
            "source": signal.source, "measure": signal.measure, "value": f"{signal.value:f}",
            "unit": signal.unit, "at": isoformat(signal.at), "message_id": signal.message_id,
            "body_hash": signal.body_hash, "outcome": signal.outcome,
            "criteria": [
                {"code": each.code, "held": f"{held:f}", "outcome": outcome.value,
                 "incident": incident.code}
                for (each, held), (outcome, incident) in zip(met, led, strict=True)
            ],
            "proofs": proofs,
        },
    )  # fmt: skip
