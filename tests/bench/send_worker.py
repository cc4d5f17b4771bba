"""One sending process of bench_send: plans if told to, then sends until the notice is done."""

from __future__ import annotations

import cProfile
import json
import os
import sys
import time
from uuid import UUID

import django

NULL = {
    channel: [{"name": f"null-{channel}", "kind": "null"}] for channel in ("sms", "email", "inbox")
}


def main(notice: str, *, plan: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.conf import settings

    from comms.services import planning
    from core import clock, collector
    from tests.bench.environment import peak_memory_mb

    collector.spare()  # as in a Celery worker
    settings.CHANNEL_PROVIDERS = NULL
    notice_id = UUID(notice)
    print("ready", flush=True)
    sys.stdin.readline()
    started, cpu = time.perf_counter(), time.process_time()
    planned = planning.plan_notice(notice_id=notice_id, now=clock.now()) if plan else 0
    planning_s = time.perf_counter() - started
    sent = _send(notice_id)
    print(
        json.dumps(
            {
                "planned": planned,
                "planning_s": round(planning_s, 2),
                "sent": sent,
                "cpu_s": round(time.process_time() - cpu, 2),
                "peak_mb": peak_memory_mb(),
            }
        ),
        flush=True,
    )


def _send(notice_id: UUID) -> int:
    from comms.models import Notice
    from comms.services import closing, sending
    from core import clock

    sent = 0
    while True:
        count = sending.send_batch(worker=f"bench-{os.getpid()}", now=clock.now())
        sent += count
        if count:
            continue
        planned = Notice.objects.filter(pk=notice_id, planned_at__isnull=False).exists()
        if planned and not closing.open_deliveries(notice_id):
            return sent
        time.sleep(0.01)


if __name__ == "__main__":
    profile = os.environ.get("BENCH_PROFILE")
    if profile:
        with cProfile.Profile() as profiler:
            main(sys.argv[1], plan="plan" in sys.argv)
        profiler.dump_stats(f"{profile}.{os.getpid()}")
    else:
        main(sys.argv[1], plan="plan" in sys.argv)
