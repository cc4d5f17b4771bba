"""The ledger: sequencing in bulk; 16 writers whose transactions take 5 ms, with the time until
a signed checkpoint covers each record; verification from rows. Beside it, on the same database,
one audited change at a time: our record, django-simple-history, django-auditlog,
django-pghistory; and pymerkle hashing the same leaves.

Each part is printed as soon as it is done. `*_cpu_us` is processor time per record.
BENCH_RECORDS (200000) and BENCH_SECONDS (10) set the length.
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
from typing import Any

from tests.bench.cpu import measured, server_seconds
from tests.bench.environment import bench_installation, owned, peak_memory_mb, report

BULK = int(os.environ.get("BENCH_RECORDS", "200000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
PROCESSES, THREADS = 4, 4
SINGLE = 1000
PATIENCE = 60.0  # seconds for writers to start, or to end
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    with bench_installation() as installation:
        for part in (bulk, verification, writers, one_at_a_time, hashing):
            report(f"ledger.{part.__name__}", part(installation))
    report("ledger.memory", {"peak_mb": peak_memory_mb()})


def bulk(installation: Path) -> dict[str, Any]:
    """Write BULK records with COPY, then place and publish them all."""
    from django.db import transaction

    from audit import sequencer
    from audit.record import record_many
    from core import clock

    figures: dict[str, Any] = {"records": BULK}
    with measured(installation, "written", BULK, figures):
        for at in range(0, BULK, 20_000):
            with transaction.atomic():
                record_many(drafts(min(20_000, BULK - at)))
    with measured(installation, "sequenced", BULK, figures):
        placed = 0
        while count := sequencer.sequence_once(now=clock.now()):
            placed += count
    assert placed >= BULK, placed
    return figures


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


def verification(installation: Path) -> dict[str, Any]:
    from audit.models import SequencerState
    from audit.verify import check_log

    figures: dict[str, Any] = {"leaves": SequencerState.objects.get().size}
    with measured(installation, "verified", figures["leaves"], figures):
        result = check_log()
    assert result.ok, result.findings
    return figures


# --- many writers ---------------------------------------------------------------------------


def writers(installation: Path) -> dict[str, Any]:
    """PROCESSES × THREADS writers for SECONDS beside a sequencer in a process of its own."""
    from django.db import connection

    sequencer = owned(subprocess.Popen([sys.executable, "manage.py", "sequencer"], cwd=ROOT))
    children = [start_writer() for _ in range(PROCESSES)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    wait_for_sequencer(connection)
    server, published = server_seconds(installation), [(0, 0.0)]
    commits: list[tuple[str, float]] = []
    cpu: list[float] = []
    readers = [threading.Thread(target=run, args=(child, commits, cpu)) for child in children]
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + SECONDS + PATIENCE
    while any(reader.is_alive() for reader in readers) or pending(connection):
        assert time.monotonic() < deadline, "the writers or the sequencer did not end"
        look(connection, published)
        time.sleep(0.01)
    time.sleep(1)
    look(connection, published)
    sequencer.send_signal(signal.SIGTERM)
    sequencer.wait()
    used = server_seconds(installation) - server
    return {
        **latencies(connection, commits, published),
        "writer_cpu_us": round(1e6 * sum(cpu) / len(commits)),
        "server_cpu_us": round(1e6 * used / len(commits)),
    }


def wait_for_sequencer(connection) -> None:
    """Until it has placed a record: its start is not part of what is measured."""
    from django.db import transaction

    from audit.record import record_many

    with transaction.atomic():
        record_many(drafts(1))
    deadline = time.monotonic() + PATIENCE
    while pending(connection):
        assert time.monotonic() < deadline, "the sequencer did not start"
        time.sleep(0.05)


def start_writer() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.bench_ledger", "writer"]
    return owned(
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    )


def run(child: subprocess.Popen[str], commits: list[tuple[str, float]], cpu: list[float]) -> None:
    """Let a writer go; take what it did: a line for each commit, then its processor time."""
    out, _err = child.communicate("go\n")
    *lines, last = out.splitlines()
    commits += [tuple(json.loads(line)) for line in lines]
    cpu.append(float(last))


def pending(connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit_pending)")
        return bool(cursor.fetchone()[0])


def look(connection, published: list[tuple[int, float]]) -> None:
    """Note the newest signed size and when it was first seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(size) FROM audit_checkpoint")
        size = cursor.fetchone()[0] or 0
    if published[-1][0] < size:
        published.append((size, time.time()))


def latencies(connection, commits, published) -> dict[str, Any]:
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
        "records": len(commits),
        "records_per_s": round(len(commits) / span),
        "publication_p50_s": round(waits[len(waits) // 2], 3),
        "publication_p99_s": round(waits[len(waits) * 99 // 100], 3),
    }


def writer() -> None:
    """A process of THREADS writers: each transaction holds 5 ms of work and one record."""
    import django

    django.setup()
    done: list[tuple[str, float]] = []
    go = threading.Barrier(THREADS + 1)
    threads = [threading.Thread(target=write_on, args=(done, go)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    go.wait()
    for thread in threads:
        thread.join()
    used = time.process_time() - before
    sys.stdout.write("".join(f"{json.dumps(row)}\n" for row in done) + f"{used}\n")


def write_on(done: list[tuple[str, float]], go: threading.Barrier) -> None:
    from django.db import connection, transaction

    from audit.record import record
    from core import clock
    from core.actor import system

    connection.ensure_connection()
    go.wait()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with transaction.atomic():
            made = record(action="delivery.accepted", actor=system("sender"), now=clock.now())
            time.sleep(0.005)
        done.append((str(made), time.time()))
    connection.close()


# --- peers ----------------------------------------------------------------------------------


def one_at_a_time(_installation: Path) -> dict[str, Any]:
    """Audited changes per second, one transaction each: the same row changed by the same ORM."""
    command = [sys.executable, "-m", "tests.bench.bench_ledger", "peers"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.peer_settings"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def peers() -> None:
    import django

    django.setup()
    from auditlog.registry import auditlog

    from tests.bench.ledger_peers.models import Historied, Logged, Plain, Tracked

    make_tables()
    auditlog.register(Logged)
    figures = {}
    for name, model in (
        ("ours", Plain),
        ("simple_history", Historied),
        ("auditlog", Logged),
        ("pghistory", Tracked),
    ):
        changes = rate(model.objects.create(code="bench", name="0"), ours=model is Plain)
        figures |= {f"changes_{name}_{key}": value for key, value in changes.items()}
    print(json.dumps(figures))


def make_tables() -> None:
    import pgtrigger
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connections

    for app in ("auditlog", "pghistory"):
        call_command("migrate", app, database="owner", verbosity=0)
    with connections["owner"].schema_editor() as editor:
        for model in apps.get_app_config("ledger_peers").get_models():
            editor.create_model(model)
    pgtrigger.install(database="owner")


def rate(thing, *, ours: bool) -> dict[str, int]:
    """Changes of `thing` per second by the clock, and this process's microseconds for each."""
    from django.db import transaction

    from audit.leaf import Subjects
    from audit.record import record
    from core import clock
    from core.actor import system

    subjects = Subjects(object=f"thing:{thing.pk}")
    wall, own = time.perf_counter(), time.process_time()
    for n in range(SINGLE):
        with transaction.atomic():
            thing.name = str(n)
            thing.save(update_fields=["name"])
            if ours:
                record(
                    action="bench.changed", actor=system("bench"), now=clock.now(),
                    subjects=subjects, payload={"name": str(n)},
                )  # fmt: skip
    return {
        "per_s": round(SINGLE / (time.perf_counter() - wall)),
        "cpu_us": round(1e6 * (time.process_time() - own) / SINGLE),
    }


def hashing(_installation: Path) -> dict[str, Any]:
    """The tree alone, in memory, over the same leaves: ours with its tiles, and pymerkle."""
    from pymerkle import InmemoryTree

    from audit import merkle
    from audit.leaf import leaf_data

    leaves = [leaf_data(entry) for entry in drafts(50_000)]
    tiles: dict[merkle.Tile, bytes] = {}
    started = time.process_time()
    frontier = merkle.Frontier()

    def tiles_of(_wanted: object) -> dict[merkle.Tile, bytes]:
        return tiles

    for at in range(0, len(leaves), 2048):
        hashes = merkle.leaf_hashes(leaves[at : at + 2048])
        tiles |= merkle.grow_tiles(frontier.size, hashes, tiles_of)
        frontier.extend(hashes)
    frontier.root()
    ours = time.process_time() - started
    started = time.process_time()
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    tree.get_root()
    theirs = time.process_time() - started
    return {
        "tree_ours_per_cpu_s": round(len(leaves) / ours),
        "tree_pymerkle_per_cpu_s": round(len(leaves) / theirs),
    }


if __name__ == "__main__":
    {"writer": writer, "peers": peers}.get("".join(sys.argv[1:2]), main)()
