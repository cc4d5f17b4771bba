"""The product's own monitors: real measures, read with one statement each, reported as signals.

Each looks once in a quarter of an hour; the message id names the quarter, so two workers, or one
that runs twice, report once. The measures (docs/crisis-activation.md): `delivery_rate`, the share
in percent of deliveries that providers took, of those that are decided, over real notices at work
or finished within the window; `import_error_rate`, the share in percent of rows refused, over
imports finished within the window; `ledger_alarm`, one for each alarm of the ledger that stands.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from decimal import Decimal

from django.db import connection, transaction

from audit import alarms
from audit.alarms import Alarm
from audit.models import Record
from comms.rules import HANDED_OVER, DeliveryState, NoticeState
from core import clock
from core.actor import system
from crisis.criteria.models import Signal
from crisis.criteria.selectors import in_force
from crisis.criteria.signals import report_measure

log = logging.getLogger(__name__)
MONITOR = system("monitor")
EVERY_MINUTES = 15
DELIVERY_SOURCE, IMPORT_SOURCE, LEDGER_SOURCE = "comms", "investors", "ledger"
INSIDE = frozenset({DELIVERY_SOURCE, IMPORT_SOURCE, LEDGER_SOURCE})
LEAST = 20  # deliveries or rows; a share of fewer says nothing
_WINDOW = 60  # minutes, where no criterion says another

_DELIVERIES = """
SELECT COALESCE(SUM(t.delta) FILTER (WHERE t.state = ANY(%s)), 0),
       COALESCE(SUM(t.delta) FILTER (WHERE t.state = ANY(%s)), 0)
FROM comms_tally t JOIN comms_notice n ON n.id = t.notice
WHERE NOT n.exercise AND n.released_at IS NOT NULL
  AND (n.state = ANY(%s) OR n.finished_at >= %s)
"""
_IMPORTS = """
SELECT COALESCE(SUM((totals ->> 'read')::bigint), 0),
       COALESCE(SUM((totals ->> 'rejected')::bigint), 0)
FROM investors_importbatch
WHERE NOT dry_run AND state IN ('done', 'failed') AND finished_at >= %s
"""
_LIVE = [NoticeState.RELEASED.value, NoticeState.SENDING.value, NoticeState.PAUSED.value]
_LOST = [DeliveryState.FAILED.value, DeliveryState.UNCONFIRMED.value]


def delivery_rate(since: dt.datetime) -> Decimal | None:
    """Percent of decided deliveries that a provider took; None for too few to say."""
    with connection.cursor() as cursor:
        taken = [state.value for state in HANDED_OVER]
        cursor.execute(_DELIVERIES, [taken, _LOST, _LIVE, since])
        good, bad = (int(count) for count in cursor.fetchone())
    return _percent(good, good + bad)


def import_error_rate(since: dt.datetime) -> Decimal | None:
    """Percent of imported rows that were refused; None for too few to say."""
    with connection.cursor() as cursor:
        cursor.execute(_IMPORTS, [since])
        read, refused = (int(count) for count in cursor.fetchone())
    return _percent(refused, read)


def _percent(part: int, whole: int) -> Decimal | None:
    return round(Decimal(100 * part) / whole, 3) if whole >= LEAST else None


RATES: dict[str, tuple[str, Callable[[dt.datetime], Decimal | None]]] = {
    "delivery_rate": (DELIVERY_SOURCE, delivery_rate),
    "import_error_rate": (IMPORT_SOURCE, import_error_rate),
}


def look(*, now: dt.datetime) -> int:
    """Read every measure that is due and report it; answers how many were reported. One that
    fails is logged, and the others go on."""
    reported = 0
    for each in (*(lambda name=name: _rate(name, now) for name in RATES), lambda: _ledger(now)):
        try:
            reported += each()
        except Exception:
            log.exception("a monitor failed; the others go on")
    return reported


def _rate(measure: str, now: dt.datetime) -> int:
    source, read = RATES[measure]
    quarter = now.replace(minute=now.minute - now.minute % EVERY_MINUTES, second=0, microsecond=0)
    message_id = f"{measure}:{clock.isoformat(quarter)}"
    if Signal.objects.filter(source=source, message_id=message_id).exists():
        return 0
    window = next((each.window for each in in_force() if each.looks_at(measure, source)), 0)
    value = read(now - dt.timedelta(minutes=window or _WINDOW))
    if value is None:
        return 0
    report_measure(
        source=source, measure=measure, value=value, at=now, message_id=message_id,
        unit="percent", actor=MONITOR, now=now,
    )  # fmt: skip
    return 1


def _ledger(now: dt.datetime) -> int:
    """Alarms that stand and that the listener did not hear of, because its process died."""
    standing, reported = alarms.standing(), 0
    for action in alarms.ACTIONS if standing else ():
        if standing.of(action) is None:
            continue
        last = Record.objects.filter(action=action).order_by("-id").first()
        if last is not None and not _known(str(last.pk)):
            _report_alarm(str(last.pk), action, last.recorded_at, now=now)
            reported += 1
    return reported


def hear(alarm: Alarm) -> None:
    """The listener of `audit.alarms`: a failed check starts an incident at once."""
    _report_alarm(str(alarm.record), alarm.action, alarm.at, now=max(clock.now(), alarm.at))


def _known(message_id: str) -> bool:
    return Signal.objects.filter(source=LEDGER_SOURCE, message_id=message_id).exists()


@transaction.atomic
def _report_alarm(message_id: str, action: str, at: dt.datetime, *, now: dt.datetime) -> None:
    log.info("the ledger's alarm %s is a signal", action)
    report_measure(
        source=LEDGER_SOURCE, measure="ledger_alarm", value=Decimal(1),
        at=max(at, now - dt.timedelta(days=7)), message_id=message_id, unit="alarms",
        actor=MONITOR, now=now,
    )  # fmt: skip
