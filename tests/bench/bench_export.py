"""A regulator export of BENCH_RECORDS records (default 1,000,000) out of a log that holds half as
many more: seconds from approval to the ready bag, CPU seconds of this process and of PostgreSQL,
peak memory; then the bag's verifier, in a process of its own. Beside it, on the same database:
plain COPY of the same rows to CSV, which proves nothing, and pymerkle's inclusion proofs for a
sample.

    python -m tests.bench export
    BENCH_RECORDS=100000 python -m tests.bench export
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from tests.bench.environment import bench_installation, peak_memory_mb, report

RECORDS = int(os.environ.get("BENCH_RECORDS", "1000000"))
SAMPLE = 2000  # proofs that pymerkle makes
# The verifier as a program, and then the peak of its own memory (what it inherits is not its own).
VERIFYING = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert end.code == 0, end.code
sys.stdout.flush()
print(*[line.strip() for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    with bench_installation():
        notice = fill()
        figures = exporting(notice)
        figures |= copying(notice)
        figures |= proving()
    report("export", figures)


def fill() -> uuid.UUID:
    """RECORDS records of one notice; among each two of them one record of something else."""
    from django.db import connections, transaction

    from audit import sequencer
    from audit.record import record_many
    from core import clock

    notice, made = uuid.uuid4(), 0
    while made < RECORDS:
        count = min(20_000, RECORDS - made)
        with transaction.atomic():
            record_many(drafts(count, notice))
        made += count
    while sequencer.sequence_once(now=clock.now()):
        pass
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    connections["owner"].close()
    return notice


def drafts(count: int, notice: uuid.UUID):
    from audit.leaf import Subjects
    from audit.record import draft
    from core import clock
    from core.actor import system

    actor, now, other = system("sender"), clock.now(), uuid.uuid4()
    payload = {"attempt": 1, "channel": "sms", "content": "0" * 64, "provider": "null", "ref": "x"}
    for n in range(count + count // 2):
        about = other if n % 3 == 2 else notice
        subjects = Subjects(notice=about, delivery=uuid.uuid4(), investor=uuid.uuid4())
        yield draft(
            action="delivery.accepted", actor=actor, now=now, subjects=subjects, payload=payload
        )


def exporting(notice: uuid.UUID) -> dict[str, Any]:
    """Build it as the worker does: write, prove, check, pack."""
    from django.db import connections

    from audit.export import building, files, requests
    from core import clock
    from core.roles import Role

    now = clock.now()
    export = requests.request_export(
        notice=notice, reason="bench", recipient="bench", actor=person(Role.AUDITOR, now), now=now
    )
    requests.approve_export(export_id=export.pk, actor=person(Role.PRIVACY_OFFICER, now), now=now)
    database, own, started = cpu_of_postgres(), time.process_time(), time.perf_counter()
    made = building.build_export(export_id=export.pk, now=now)
    seconds = time.perf_counter() - started
    own, database = time.process_time() - own, cpu_of_postgres() - database
    memory = peak_memory_mb()
    connections.close_all()
    bag = Path(made.path)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", VERIFYING, str(bag / "data/verify.py"), str(bag)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    verified = time.perf_counter() - started
    return {
        "records": made.records,
        "export_s": round(seconds, 1),
        "export_records_per_s": round(made.records / seconds),
        "cpu_us_per_record": round(own / made.records * 1e6, 1),
        "postgres_cpu_us_per_record": round(database / made.records * 1e6, 1),
        "peak_mb": memory,
        "verify_s": round(verified, 1),
        "verify_peak_mb": round(int(done.stdout.split()[-2]) / 1024, 1),
        "proofs_mb": round((bag / "data/proofs/inclusion.jsonl").stat().st_size / 1e6, 1),
        "zip_mb": round(files.archive_of(made.pk).stat().st_size / 1e6, 1),
    }


def person(role: Any, now: Any) -> Any:
    """Somebody with that role whose second factor is fresh."""
    from core.actor import Actor
    from core.roles import capabilities_of

    user = uuid.uuid4()
    return Actor(
        kind="user",
        id=str(user),
        label="bench",
        user_id=user,
        capabilities=capabilities_of(frozenset({role})),
        stepped_up_at=now,
    )


def cpu_of_postgres() -> float:
    """CPU seconds of this installation's PostgreSQL processes, ended backends included (Linux)."""
    var = os.environ["VOUCHSAFE_VAR"]
    total = 0.0
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes()
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
            name = (directory / "comm").read_text().strip()
        except OSError:
            continue
        ours = var.encode() in command or (name == "postgres" and _postmaster(fields, var))
        if ours and name == "postgres":
            own = command.startswith(b"postgres:")
            times = fields[11:13] if own else fields[11:15]
            total += sum(map(int, times)) / _TICKS
    return total


def _postmaster(fields: list[str], var: str) -> bool:
    """Whether the parent process is this installation's PostgreSQL."""
    try:
        return var.encode() in Path(f"/proc/{fields[1]}/cmdline").read_bytes()
    except OSError:
        return False


def copying(notice: uuid.UUID) -> dict[str, Any]:
    """The same rows by COPY to CSV: no hash, no proof, no neutralised cell, no check."""
    from django.db import connection

    target = Path(os.environ["VOUCHSAFE_VAR"]) / "plain.csv"
    connection.ensure_connection()
    started = time.perf_counter()
    with (
        connection.connection.cursor() as cursor,
        target.open("wb") as out,
        cursor.copy(
            f"COPY (SELECT l.index, r.* FROM audit_record r JOIN audit_leaf l ON l.record = r.id "
            f"WHERE r.notice = '{notice}' ORDER BY l.index) TO STDOUT (FORMAT csv, HEADER)"
        ) as rows,
    ):
        for block in rows:
            out.write(block)
    return {"copy_to_csv_s": round(time.perf_counter() - started, 1)}


def proving() -> dict[str, Any]:
    """Inclusion proofs per second in a tree of 50,000 leaves: pymerkle, and our fold, in which
    one pass proves all."""
    import hashlib

    from pymerkle import InmemoryTree

    from audit.export import verifier

    leaves = [b"%d" % n for n in range(50_000)]
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    started = time.perf_counter()
    for index in range(1, SAMPLE + 1):
        tree.prove_inclusion(index, len(leaves))
    theirs = time.perf_counter() - started
    started = time.perf_counter()
    fold = verifier.Tree()
    for leaf in leaves:
        fold.add(0, hashlib.sha256(b"\x00" + leaf).digest())
    fold.root()
    ours = time.perf_counter() - started
    return {
        "proofs_pymerkle_per_s": round(SAMPLE / theirs),
        "proofs_by_fold_per_s": round(len(leaves) / ours),
    }


if __name__ == "__main__":
    main()
