"""Release to last hand-over: release, planning, consent check, rendering, hand-over to the null
provider, an event and a ledger record for every delivery, by two worker processes. The dry run
that the releaser is shown goes before and has its own figure.

Processor time is told beside the clock: seconds of a machine that does other things as well say
little. `cpu_us_per_delivery` is that of planning and sending together, in our processes and in
those of PostgreSQL.

The peer is django-post-office on the same server: enqueue and send with a null backend, without
audience, consent, events or ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.bench.environment import ROOT, bench_installation, owned, report
from tests.bench.processor import postgres_cpu_s

COUNT = int(os.environ.get("BENCH_SEND", "100000"))
PEER_COUNT = int(os.environ.get("BENCH_SEND_PEER", "20000"))
WORKERS = 2


def main() -> None:
    """Print the figures of the product and of the peer as lines of JSON."""
    with bench_installation() as directory:
        report("send", ours(COUNT))
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.peer_post_office", str(PEER_COUNT)],
            cwd=ROOT,
            env={**os.environ, "VOUCHSAFE_VAR": str(directory)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        report("send_peer_django_post_office", json.loads(done.stdout.splitlines()[-1]))


def ours(count: int) -> dict[str, Any]:
    """Figures for `count` deliveries by SMS."""
    from django.conf import settings

    from comms.dryruns.services import make_dry_run
    from comms.services import notices
    from core import clock
    from tests import builders
    from tests.bench.send_worker import NULL

    settings.CHANNEL_PROVIDERS = NULL
    for start in range(0, count, 10_000):
        builders.make_investors(min(10_000, count - start))
    preparer = builders.dispatcher()
    notice = builders.make_notice(actor=preparer)
    make_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now())
    notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    releaser = builders.releaser()
    _analyze()
    started = time.perf_counter()
    shown, _preview = make_dry_run(notice_id=notice.pk, actor=releaser, now=clock.now())
    dry_run_s = time.perf_counter() - started
    workers = [_worker(str(notice.pk), plan=n == 0) for n in range(WORKERS)]
    for worker in workers:
        worker.stdout.readline()
    server_cpu = postgres_cpu_s()
    started = time.perf_counter()
    released_at = clock.now()
    notices.release_notice(
        notice_id=notice.pk, actor=releaser, now=released_at, dry_run_id=shown.pk
    )
    release_s = time.perf_counter() - started
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    outputs = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers]
    server_cpu = postgres_cpu_s() - server_cpu
    ours_cpu = sum(output["cpu_s"] for output in outputs)
    last = _last_hand_over(notice.pk)
    seconds = (last - released_at).total_seconds()
    return {
        "deliveries": count,
        "deliveries_per_s": round(count / seconds),
        "seconds": round(seconds, 2),
        "cpu_us_per_delivery": {
            "python": round(ours_cpu / count * 1e6, 1),
            "postgresql": round(server_cpu / count * 1e6, 1),
        },
        "dry_run_s": round(dry_run_s, 2),
        "release_s": round(release_s, 2),
        "planning_s": outputs[0]["planning_s"],
        "records": _records(notice.pk),
        "peak_mb": max(output["peak_mb"] for output in outputs),
    }


def _worker(notice: str, *, plan: bool) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.send_worker", notice, *(["plan"] if plan else [])]
    return owned(
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    )


def _analyze() -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def _last_hand_over(notice: Any) -> Any:
    from django.db.models import Max

    from comms.models import Delivery

    return Delivery.objects.filter(notice=notice).aggregate(last=Max("handed_at"))["last"]


def _records(notice: Any) -> int:
    from audit.models import Record

    return Record.objects.filter(notice=notice).count()


if __name__ == "__main__":
    main()
