"""What the product really measures, month by month: one or two statements over [start, end)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Verification
from crisis.clocks.models import Clock
from crisis.incidents.models import Incident
from crisis.incidents.rules import Nature
from crisis.indicators.rules import downtime_minutes

DOWN = (Nature.TECHNICAL.value, Nature.THIRD_PARTY.value)

_DELIVERIES = """
SELECT COALESCE(SUM(t.delta) FILTER (WHERE t.state = 'failed'), 0),
       COALESCE(SUM(t.delta) FILTER (WHERE t.state IN
           ('accepted', 'delivered', 'failed', 'unconfirmed')), 0)
FROM comms_tally t JOIN comms_notice n ON n.id = t.notice
WHERE NOT n.exercise AND n.released_at >= %s AND n.released_at < %s
"""
_IMPORTS = """
SELECT COALESCE(SUM((totals ->> 'rejected')::bigint), 0),
       COALESCE(SUM((totals ->> 'read')::bigint), 0)
FROM investors_importbatch
WHERE NOT dry_run AND state IN ('done', 'failed') AND finished_at >= %s AND finished_at < %s
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A share: `part` of `whole`, in the unit of the measure."""

    part: int
    whole: int

    @property
    def value(self) -> Decimal:
        """In percent, to three decimals."""
        return round(Decimal(100 * self.part) / self.whole, 3)


Read = Callable[[dt.datetime, dt.datetime], Measured | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by name; `read` answers None when there was nothing to measure."""

    label: str | Promise
    read: Read


MEASURES: dict[str, Measure] = {}


def measure(code: str, label: str | Promise) -> Callable[[Read], Read]:
    """Registers a measure under `code`."""

    def add(read: Read) -> Read:
        MEASURES[code] = Measure(label, read)
        return read

    return add


@measure("uptime", _("Minutes without a system failure"))
def uptime(start: dt.datetime, end: dt.datetime) -> Measured:
    """Minutes of the month outside verified system failures, ours or a third party's, from when
    the trouble began to its restoration. Exercises and false alarms do not count."""
    failures = Incident.objects.real().filter(
        Q(restored_at=None) | Q(restored_at__gt=start),
        since__lt=end, verified_at__isnull=False, nature__in=DOWN,
    ).exclude(state="dismissed")  # fmt: skip
    spans = [
        (since, restored or end) for since, restored in failures.values_list("since", "restored_at")
    ]
    whole = round((end - start).total_seconds() / 60)
    return Measured(whole - round(downtime_minutes(spans, start, end)), whole)


@measure("import_error", _("Rows refused on import"))
def import_error(start: dt.datetime, end: dt.datetime) -> Measured | None:
    """Rows that imports finished in the month refused, of all rows read."""
    return _counted(_IMPORTS, start, end)


@measure("delivery_failure", _("Deliveries that failed"))
def delivery_failure(start: dt.datetime, end: dt.datetime) -> Measured | None:
    """Failed deliveries of the notices released in the month, of all attempted."""
    return _counted(_DELIVERIES, start, end)


@measure("verified_in_time", _("Incidents verified within their clock"))
def verified_in_time(start: dt.datetime, end: dt.datetime) -> Measured | None:
    """Of the incidents activated in the month whose verification was due by its end, those
    verified in time."""
    clocks = Clock.objects.filter(
        code="verify", incident__exercise=False, started_at__gte=start, started_at__lt=end,
        due_at__lt=end,
    ).exclude(state="cancelled")  # fmt: skip
    found = clocks.aggregate(
        whole=Count("pk"), late=Count("pk", filter=Q(breached_at__isnull=False))
    )
    whole = found["whole"]
    return Measured(whole - found["late"], whole) if whole else None


@measure("ledger_checks", _("Checks of the whole ledger that passed"))
def ledger_checks(start: dt.datetime, end: dt.datetime) -> Measured | None:
    """Verifications of the whole log finished in the month that found nothing, of all."""
    checks = Verification.objects.filter(
        ok__isnull=False, started_at__gte=start, started_at__lt=end
    )
    found = checks.aggregate(whole=Count("pk"), good=Count("pk", filter=Q(ok=True)))
    return Measured(found["good"], found["whole"]) if found["whole"] else None


def _counted(statement: str, start: dt.datetime, end: dt.datetime) -> Measured | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [start, end])
        part, whole = (int(count) for count in cursor.fetchone())
    return Measured(part, whole) if whole else None
