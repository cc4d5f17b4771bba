"""Processor time of the embedded PostgreSQL, from /proc (Linux)."""

from __future__ import annotations

import os
from pathlib import Path


def postgres_cpu_s() -> float:
    """Seconds that the server and all its processes have used so far, ended ones included."""
    data = Path(os.environ["VOUCHSAFE_VAR"]) / "postgres"
    server = int(next(data.rglob("postmaster.pid")).read_text().splitlines()[0])
    ticks = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(process.name) == server:
            ticks += sum(map(int, fields[11:15]))  # its own and its ended children's
        elif int(fields[1]) == server:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")
