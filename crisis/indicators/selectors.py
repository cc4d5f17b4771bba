"""Reads of indicators and of effect. Each page asks a fixed number of questions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed.rules import State
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.indicators import rules
from crisis.indicators.measures import MEASURES, Measured
from crisis.indicators.models import Account, IndicatorTableVersion, Reading
from crisis.indicators.rules import Band, Goals, Indicator

MONTHS = 12
VIEW = Capability.RISK_VIEW


def table_in_force() -> IndicatorTableVersion:
    """The version by which values are read now."""
    return IndicatorTableVersion.objects.select_related("table").get(state=State.APPROVED)


def versions(actor: Actor) -> list[IndicatorTableVersion]:
    """All versions of the table, newest first."""
    require(actor, VIEW)
    return list(IndicatorTableVersion.objects.select_related("edited_by", "decided_by"))


def version_for(actor: Actor, version_id: UUID) -> IndicatorTableVersion:
    """One version; raises NotFound."""
    require(actor, VIEW)
    rows = IndicatorTableVersion.objects.select_related("table", "edited_by", "decided_by")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("There is no such version."))
    return version


def span_of(month: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first instant of a month, and of the next, in the firm's time zone."""
    zone = timezone.get_default_timezone()
    end = rules.months_before(month, -1)
    midnight = dt.time()
    return dt.datetime.combine(month, midnight, zone), dt.datetime.combine(end, midnight, zone)


@dataclass(slots=True)
class Series:
    """One indicator over the last months, oldest first; None where nothing was read. `now` is
    the running month so far."""

    indicator: Indicator
    readings: list[Reading | None] = field(default_factory=list)
    now: Measured | None = None

    @property
    def latest(self) -> Reading | None:
        """The newest reading."""
        return next((each for each in reversed(self.readings) if each), None)

    @property
    def past(self) -> bool:
        """Whether a whole month was ever read, so that there is a line to draw."""
        return any(self.readings[:MONTHS])

    @property
    def band_now(self) -> Band | None:
        """How the running month stands so far."""
        return self.indicator.band(self.now.value) if self.now else None


def overview(actor: Actor, today: dt.date) -> tuple[list[dt.date], list[Series]]:
    """The months, and each indicator in force over them."""
    require(actor, VIEW)
    this = rules.month_of(today)
    months = [rules.months_before(this, back) for back in range(MONTHS, 0, -1)]
    newest: dict[tuple[dt.date, str], Reading] = {}
    found = Reading.objects.filter(month__gte=months[0]).select_related("by").order_by("id")
    for reading in found:
        newest[reading.month, reading.code] = reading
    start, end = span_of(this)
    series = []
    for row in table_in_force().indicators:
        now = MEASURES[row.source].read(start, end) if row.source else None
        values = [newest.get((month, row.code)) for month in [*months, this]]
        series.append(Series(row, values if not row.source else values[:-1], now))
    return months, series


def beyond(today: dt.date) -> list[Reading]:
    """Readings of the last whole month beyond their limit; one query."""
    month = rules.months_before(rules.month_of(today), 1)
    newest = {each.code: each for each in Reading.objects.filter(month=month).order_by("id")}
    return [each for each in newest.values() if each.band == Band.BREACH]


# Effect ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """Incidents in the last 12 months against the 12 before `counted_from`, the response, and
    what it cost and gave; `months` counts incidents month by month."""

    goals: Goals
    before: int
    lately: int
    change: int | None
    goal: int | None
    minutes: float | None
    responses: int
    months: list[tuple[dt.date, int]]
    by_year: list[YearMoney]

    @property
    def incidence_reached(self) -> bool | None:
        """Whether the change is what was wanted; None while that cannot be said."""
        if self.change is None or self.goal is None:
            return None
        return self.change <= self.goal

    @property
    def response_reached(self) -> bool | None:
        """Whether the response is as fast as wanted; None without any."""
        return None if self.minutes is None else self.minutes <= self.goals.goal_minutes


@dataclass(frozen=True, slots=True)
class YearMoney:
    """What a year cost and gave, in yuan."""

    year: int
    cost: Decimal
    benefit: Decimal

    @property
    def ratio(self) -> Decimal | None:
        """Benefit for one unit of cost; None without a cost."""
        return round(self.benefit / self.cost, 2) if self.cost else None


def effect(actor: Actor, now: dt.datetime) -> Effect:
    """How it all worked, from incidents that were verified; exercises and false alarms do not
    count. Five queries."""
    require(actor, VIEW)
    goals = table_in_force().wanted
    today = timezone.localdate(now)
    start = dt.datetime.combine(goals.counted_from, dt.time(), timezone.get_default_timezone())
    year = dt.timedelta(days=365)
    real = Incident.objects.real().filter(verified_at__isnull=False).exclude(state="dismissed")
    counts = real.aggregate(
        before=Count("pk", filter=Q(activated_at__gte=start - year, activated_at__lt=start)),
        lately=Count("pk", filter=Q(activated_at__gte=now - year)),
    )
    times = [
        (verified - activated).total_seconds() / 60
        for activated, verified in real.filter(activated_at__gte=now - year).values_list(
            "activated_at", "verified_at"
        )
        if verified is not None
    ]
    return Effect(
        goals=goals,
        before=counts["before"],
        lately=counts["lately"],
        change=rules.change_percent(counts["before"], counts["lately"]),
        goal=rules.goal_for(goals, today),
        minutes=rules.median(times),
        responses=len(times),
        months=_by_month(real.filter(activated_at__gte=now - 2 * year), today),
        by_year=money(),
    )


def _by_month(incidents: object, today: dt.date) -> list[tuple[dt.date, int]]:
    grouped = (
        incidents.annotate(month=TruncMonth("activated_at"))  # type: ignore[attr-defined]
        .values_list("month")
        .annotate(n=Count("pk"))
        .order_by("month")
    )
    counted = {timezone.localdate(month): n for month, n in grouped}
    this = rules.month_of(today)
    months = [rules.months_before(this, back) for back in range(2 * MONTHS - 1, -1, -1)]
    return [(month, counted.get(month, 0)) for month in months]


def money() -> list[YearMoney]:
    """Costs and benefits by year, newest first; one query."""
    sums: dict[int, dict[bool, Decimal]] = defaultdict(dict)
    rows = Account.objects.values_list("year", "is_benefit").annotate(total=Sum("amount"))
    for year, is_benefit, total in rows.order_by("-year"):
        sums[year][is_benefit] = total
    return [
        YearMoney(year, each.get(False, Decimal(0)), each.get(True, Decimal(0)))
        for year, each in sums.items()
    ]


def accounts(actor: Actor) -> list[Account]:
    """All entries, newest year first, with what took them back."""
    require(actor, VIEW)
    return list(Account.objects.filter(reverses=None).select_related("by", "reversed_by"))
