"""The watcher of deadlines over 1,000 open incidents with 10 running clocks each: seconds and
queries of a tick with nothing due, with 1 % due, and with all of the rest due at once, as after a
long stop; and of the strip in the top bar. There is no peer: no incident tool at hand has clocks
of duties in rows."""

from __future__ import annotations

import datetime as dt
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.bench.environment import bench_installation, peak_memory_mb, report

SCALE = float(os.environ.get("VOUCHSAFE_BENCH_SCALE", "1"))
INCIDENTS = int(1000 * SCALE)
CLOCKS = 10
ROUNDS = 20


def main() -> None:
    with bench_installation():
        from core import clock

        now = clock.now()
        fill(now)
        measure(now)
        report("clocks.memory", {"peak_mb": peak_memory_mb()})


def fill(now: dt.datetime) -> None:
    """Incidents and clocks: one in a hundred is due a minute from now, the rest in days."""
    from django.db import connection, transaction

    from audit.record import record
    from core.actor import system
    from crisis.clocks import rules
    from crisis.clocks.models import Clock
    from crisis.clocks.selectors import table_in_force
    from crisis.models import Incident

    version = table_in_force()
    row = next(row for row in version.parsed if row.code == "restore")
    with transaction.atomic():
        record(action="bench.arranged", actor=system("bench"), now=now)
        incidents = Incident.objects.bulk_create(
            Incident(code=f"B-{n:06d}", title="Bench", cause="hand", since=now, activated_at=now)
            for n in range(INCIDENTS)
        )
        Clock.objects.bulk_create(
            (
                Clock(
                    incident=incident, version=version, code=f"restore{n}", jurisdiction="house",
                    row=rules.canonical(row), started_at=now, recorded_at=now,
                    first_due_at=(due := _due(now, place * CLOCKS + n)), due_at=due,
                )
                for place, incident in enumerate(incidents)
                for n in range(CLOCKS)
            ),
            batch_size=1000,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crisis_clock, crisis_incident")


def _due(now: dt.datetime, number: int) -> dt.datetime:
    return now + (dt.timedelta(minutes=1) if number % 100 == 0 else dt.timedelta(days=2))


def measure(now: dt.datetime) -> None:
    """Time each of them."""
    from crisis.clocks.selectors import strip
    from crisis.clocks.services import tick

    quiet = [timed(lambda: tick(now=now)) for _round in range(ROUNDS)]
    show("clocks.tick_nothing_due", quiet)
    show("clocks.strip", [timed(lambda: strip(now)) for _round in range(ROUNDS)])
    show("clocks.tick_one_percent_due", [timed(lambda: tick(now=now + dt.timedelta(minutes=2)))])
    show("clocks.tick_all_due", [timed(lambda: tick(now=now + dt.timedelta(days=3)))])


def timed(act: Callable[[], Any]) -> tuple[float, int, Any]:
    """Seconds, queries, and what came out."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        started = time.perf_counter()
        out = act()
        seconds = time.perf_counter() - started
    return seconds, len(seen), out


def show(name: str, runs: list[tuple[float, int, Any]]) -> None:
    """One line of figures."""
    figures: dict[str, Any] = {
        "clocks": INCIDENTS * CLOCKS,
        "p50_seconds": round(statistics.median(seconds for seconds, _n, _o in runs), 4),
        "max_seconds": round(max(seconds for seconds, _n, _o in runs), 4),
        "queries": runs[-1][1],
    }
    if isinstance(runs[-1][2], int):
        figures["breaches"] = runs[-1][2]
    report(name, figures)


if __name__ == "__main__":
    main()
