"""Limits on attempts, counted in PostgreSQL so that all processes and hosts share them.

Windows are fixed and start at multiples of their length. A count must outlive a refusal:
call these outside any transaction that rolls back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import crypto
from core.errors import RateLimited
from core.models import ThrottleWindow

KEPT = dt.timedelta(days=1)

_COUNT = """
INSERT INTO core_throttlewindow (scope, subject, starts_at, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (scope, subject, starts_at)
DO UPDATE SET count = core_throttlewindow.count + 1 RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` per subject within each `window`."""

    scope: str
    attempts: int
    window: dt.timedelta

    def hit(self, subject: str, *, now: dt.datetime) -> int:
        """Count one attempt and return the count; raises RateLimited beyond the limit."""
        starts_at = self._start(now)
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [self.scope, self._hash(subject), starts_at])
            count: int = cursor.fetchone()[0]
        if count == 1:
            ThrottleWindow.objects.filter(scope=self.scope, starts_at__lt=now - KEPT).delete()
        if count > self.attempts:
            raise self._refusal(now)
        return count

    def check(self, subject: str, *, now: dt.datetime) -> None:
        """Raise RateLimited if the attempts of this window are used up; counts nothing."""
        row = ThrottleWindow.objects.filter(
            scope=self.scope, subject=self._hash(subject), starts_at=self._start(now)
        ).first()
        if row is not None and row.count >= self.attempts:
            raise self._refusal(now)

    def reset(self, subject: str) -> None:
        """Forget what was counted for `subject`, for instance after a success."""
        ThrottleWindow.objects.filter(scope=self.scope, subject=self._hash(subject)).delete()

    def _start(self, now: dt.datetime) -> dt.datetime:
        seconds = int(self.window.total_seconds())
        return dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)

    def _hash(self, subject: str) -> bytes:
        return crypto.blind_index(f"throttle:{self.scope}", subject)

    def _refusal(self, now: dt.datetime) -> RateLimited:
        left = self._start(now) + self.window - now
        seconds = max(1, -(-left // dt.timedelta(seconds=1)))
        return RateLimited(
            _("Too many attempts. Try again in %(seconds)s seconds.") % {"seconds": seconds},
            details={"retry_after": seconds},
        )
