"""The ledger: sequencing in bulk; 16 writers whose transactions take 5 ms, with the time until
a signed checkpoint covers each record; verification from rows. Beside it, on the same database,
one audited change at a time: our record, django-simple-history, django-auditlog; and pymerkle
hashing the same leaves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from bisect import bisect_right
from pathlib import Path

from tests.bench.environment import bench_installation, peak_memory_mb, report

BULK = int(os.environ.get("BENCH_RECORDS", "300000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
PROCESSES, THREADS = 4, 4
SINGLE = 1500
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    with bench_installation():
        figures = bulk()
        figures |= writers()
        figures |= verification()
        figures |= one_at_a_time()
        figures |= hashing()
    report("ledger", {**figures, "peak_mb": peak_memory_mb()})


def bulk() -> dict[str, object]:
    """Write BULK records with COPY, then place and publish them all."""
    from django.db import transaction

    from audit import sequencer
    from audit.record import record_many
    from core import clock

    started = time.perf_counter()
    for _ in range(0, BULK, 20_000):
        with transaction.atomic():
            record_many(drafts(20_000))
    written = time.perf_counter() - started
    started, placed = time.perf_counter(), 0
    while count := sequencer.sequence_once(now=clock.now()):
        placed += count
    sequenced = time.perf_counter() - started
    return {
        "records": placed,
        "written_per_s": round(placed / written),
        "sequenced_per_s": round(placed / sequenced),
    }


def drafts(count: int):
    from audit.leaf import Subjects
    from audit.record import draft
    from core import clock
    from core.actor import system

    notice, actor, now = uuid.uuid4(), system("sender"), clock.now()
    payload = {"channel": "sms", "attempt": 1, "provider": "null"}
    for _ in range(count):
        subjects = Subjects(notice=notice, delivery=uuid.uuid4(), investor=uuid.uuid4())
        yield draft(
            action="delivery.accepted", actor=actor, now=now, subjects=subjects, payload=payload
        )


# --- many writers ---------------------------------------------------------------------------


def writers() -> dict[str, object]:
    """PROCESSES × THREADS writers for SECONDS beside a sequencer in a process of its own."""
    from django.db import connection

    sequencer = subprocess.Popen([sys.executable, "manage.py", "sequencer"], cwd=ROOT)
    time.sleep(2)
    command = [sys.executable, "-m", "tests.bench.bench_ledger", "writer"]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    published: list[tuple[int, float]] = []
    while any(child.poll() is None for child in children) or pending(connection):
        look(connection, published)
        time.sleep(0.01)
    time.sleep(1)
    look(connection, published)
    sequencer.send_signal(signal.SIGTERM)
    sequencer.wait()
    commits = [json.loads(line) for child in children for line in child.stdout or ()]
    return latencies(connection, commits, published)


def pending(connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit_pending)")
        return bool(cursor.fetchone()[0])


def look(connection, published: list[tuple[int, float]]) -> None:
    """Note the newest signed size and when it was first seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(size) FROM audit_checkpoint")
        size = cursor.fetchone()[0] or 0
    if not published or published[-1][0] < size:
        published.append((size, time.time()))


def latencies(connection, commits, published) -> dict[str, object]:
    """From each record's commit to the first checkpoint that covers it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record::text, index FROM audit_leaf WHERE record = ANY(%s::uuid[])",
            [[record for record, _at in commits]],
        )
        indices = dict(cursor.fetchall())
    sizes = [size for size, _at in published]
    waits = sorted(
        published[bisect_right(sizes, indices[record])][1] - at for record, at in commits
    )
    span = max(at for _record, at in commits) - min(at for _record, at in commits)
    return {
        "writers": PROCESSES * THREADS,
        "writers_records_per_s": round(len(commits) / span),
        "publication_p50_s": round(waits[len(waits) // 2], 3),
        "publication_p99_s": round(waits[len(waits) * 99 // 100], 3),
    }


def writer() -> None:
    """A process of THREADS writers: each transaction holds 5 ms of work and one record."""
    import django

    django.setup()
    done: list[tuple[str, float]] = []
    threads = [threading.Thread(target=write_on, args=(done,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for row in done:
        print(json.dumps(row))


def write_on(done: list[tuple[str, float]]) -> None:
    from django.db import connections, transaction

    from audit.record import record
    from core import clock
    from core.actor import system

    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with transaction.atomic():
            made = record(action="bench.done", actor=system("bench"), now=clock.now())
            time.sleep(0.005)
        done.append((str(made), time.time()))
    connections.close_all()


# --- verification, peers --------------------------------------------------------------------


def verification() -> dict[str, object]:
    from audit.verify import check_log

    result = check_log()
    assert result.ok, result.findings
    return {
        "verified": result.size,
        "verified_per_s": round(result.size / result.seconds),
    }


def one_at_a_time() -> dict[str, object]:
    """Audited changes per second, one transaction each: the same row changed by the same ORM."""
    command = [sys.executable, "-m", "tests.bench.bench_ledger", "peers"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.peer_settings"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return figures


def peers() -> None:
    import django

    django.setup()
    from auditlog.registry import auditlog
    from django.core.management import call_command

    from audit.leaf import Subjects
    from audit.record import record
    from core import clock
    from core.actor import system
    from core.models import BusinessLine, User

    call_command("migrate", "auditlog", database="owner", verbosity=0)
    line = BusinessLine.objects.create(code="bench", name="0")
    user = User.objects.create(username="bench")

    def ours(n: int) -> None:
        BusinessLine.objects.filter(pk=line.pk).update(name=str(n))
        subjects = Subjects(object=f"line:{line.pk}")
        record(
            action="bench.changed", actor=system("bench"), now=clock.now(), subjects=subjects,
            payload={"name": str(n)},
        )  # fmt: skip

    def simple_history(n: int) -> None:
        user.display_name = str(n)
        user.save(update_fields=["display_name"])

    def with_auditlog(n: int) -> None:
        line.name = str(n)
        line.save(update_fields=["name"])

    figures = {
        "changes_ours_per_s": rate(ours),
        "changes_simple_history_per_s": rate(simple_history),
    }
    auditlog.register(BusinessLine)
    figures["changes_auditlog_per_s"] = rate(with_auditlog)
    print(json.dumps(figures))


def rate(change) -> int:
    from django.db import transaction

    started = time.perf_counter()
    for n in range(SINGLE):
        with transaction.atomic():
            change(n)
    return round(SINGLE / (time.perf_counter() - started))


def hashing() -> dict[str, object]:
    """The tree alone, in memory, over the same leaves: ours with its tiles, and pymerkle."""
    from pymerkle import InmemoryTree

    from audit import merkle
    from audit.leaf import leaf_data

    leaves = [leaf_data(entry) for entry in drafts(50_000)]
    tiles: dict[merkle.Tile, bytes] = {}
    started = time.perf_counter()
    frontier = merkle.Frontier()

    def tiles_of(_wanted: object) -> dict[merkle.Tile, bytes]:
        return tiles

    for at in range(0, len(leaves), 2048):
        hashes = merkle.leaf_hashes(leaves[at : at + 2048])
        tiles |= merkle.grow_tiles(frontier.size, hashes, tiles_of)
        frontier.extend(hashes)
    frontier.root()
    ours = time.perf_counter() - started
    started = time.perf_counter()
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    tree.get_root()
    theirs = time.perf_counter() - started
    return {
        "tree_ours_per_s": round(len(leaves) / ours),
        "tree_pymerkle_per_s": round(len(leaves) / theirs),
    }


if __name__ == "__main__":
    {"writer": writer, "peers": peers}.get("".join(sys.argv[1:2]), main)()
