"""Time zones and business days by jurisdiction. Pure: instants in, instants out.

Holidays come from the library `holidays`. China's are decreed each November for the year that
follows, with the weekend days that are worked in exchange; `certain_until` says how far the
installed library knows them. Later years count by the statute alone (全国年节及纪念日放假办法),
without exchanged days.
"""

from __future__ import annotations

import calendar as month_table
import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UTC = dt.UTC
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Calendar:
    """The business days of one jurisdiction.

    `closes` is the wall-clock time at which a period counted in business days ends on its last
    day. `exchanged` says that some weekend days are worked in exchange for weekdays off.
    """

    code: str
    label: str | Promise
    zone: ZoneInfo
    closes: dt.time
    table: Callable[[], Any]
    exchanged: bool = False

    @property
    def certain_until(self) -> dt.date | None:
        """The last day whose holidays are decreed and known; None where the law fixes them for
        all years."""
        if not self.exchanged:
            return None
        known = max(_table(self.code).special_public_holidays)
        return dt.date(known, 12, 31)

    def is_business_day(self, day: dt.date) -> bool:
        """Whether offices of this jurisdiction work on `day`."""
        table = _table(self.code)
        if day in table:  # also makes the library fill in that year
            return False
        return day.weekday() not in WEEKEND or (self.exchanged and day in table.weekend_workdays)

    def next_business_day(self, day: dt.date) -> dt.date:
        """The first business day after `day`."""
        day += dt.timedelta(days=1)
        while not self.is_business_day(day):
            day += dt.timedelta(days=1)
        return day

    def after_business_days(self, start: dt.datetime, count: int) -> dt.datetime:
        """The close of the `count`-th business day after the day on which `start` falls here.
        That day itself is never counted, whether it was a business day or not."""
        day = start.astimezone(self.zone).date()
        for _number in range(count):
            day = self.next_business_day(day)
        return self.local(day, self.closes)

    def after_days(self, start: dt.datetime, count: int) -> dt.datetime:
        """The same wall-clock time `count` calendar days later."""
        here = start.astimezone(self.zone)
        return self.local(here.date() + dt.timedelta(days=count), here.time())

    def after_months(self, start: dt.datetime, count: int) -> dt.datetime:
        """The same wall-clock time on the same day `count` months later, or on the last day of a
        month that is too short (Regulation 1182/71 Art. 3(2)(c))."""
        here = start.astimezone(self.zone)
        months = here.year * 12 + here.month - 1 + count
        year, month = divmod(months, 12)
        last = month_table.monthrange(year, month + 1)[1]
        return self.local(dt.date(year, month + 1, min(here.day, last)), here.time())

    def local(self, day: dt.date, time: dt.time) -> dt.datetime:
        """That wall-clock time here as an instant. One that a change of the clocks skips moves on
        by the width of the gap; of one that comes twice the first counts, which is stricter."""
        return dt.datetime.combine(day, time.replace(tzinfo=None, fold=0), self.zone).astimezone(
            UTC
        )


def _china() -> Any:
    return holidays.country_holidays("CN", language="en_US")


def _shanghai() -> Any:
    return holidays.financial_holidays("XSHG", language="en_US")


SHANGHAI, NEW_YORK, BRUSSELS = (
    ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Europe/Brussels")
)
CALENDARS = {
    calendar.code: calendar
    for calendar in (
        # Working days of offices and courts, with exchanged weekend days.
        Calendar("cn", _("China, working days"), SHANGHAI, dt.time(23, 59, 59), _china, True),
        # The exchanges stay shut on every weekend, whatever was exchanged.
        Calendar("cn-sse", _("China, trading days"), SHANGHAI, dt.time(15, 0), _shanghai),
        # The Commission is shut on federal holidays only (5 U.S.C. 6103; open on Good Friday);
        # what reaches EDGAR until 17:30 is filed that day (Regulation S-T Rule 13(a)(2)).
        Calendar(
            "us-sec", _("United States, business days of the SEC"), NEW_YORK, dt.time(17, 30),
            lambda: holidays.country_holidays("US", language="en_US"),
        ),
        Calendar(
            "us-nyse", _("United States, trading days in New York"), NEW_YORK, dt.time(16, 0),
            lambda: holidays.financial_holidays("XNYS"),
        ),
        Calendar(
            "eu-target", _("European Union, TARGET days"), BRUSSELS, dt.time(23, 59, 59),
            lambda: holidays.financial_holidays("XECB"),
        ),
    )
}  # fmt: skip


@functools.cache
def _table(code: str) -> Any:
    return CALENDARS[code].table()
