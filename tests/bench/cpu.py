"""Processor time of this process and of the embedded PostgreSQL, which says more than the clock on
a machine that has other work. Linux; elsewhere the server's share reads 0."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def server_seconds(installation: Path) -> float:
    """What the server and all its processes, ended ones too, have used so far."""
    if not Path("/proc").is_dir():
        return 0.0
    pid = (installation / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0]
    total = _ticks(pid, children=True)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if _fields(entry.name)[1] == pid:
                    total += _ticks(entry.name)
            except OSError:
                continue  # ended meanwhile
    return total / os.sysconf("SC_CLK_TCK")


def _fields(pid: str) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(pid: str, *, children: bool = False) -> int:
    fields = _fields(pid)
    return sum(int(value) for value in fields[11 : 15 if children else 13])


@contextmanager
def measured(installation: Path, name: str, count: int, figures: dict[str, Any]) -> Iterator[None]:
    """Add to `figures`, under `name`: rate by the clock, and microseconds of processor time per
    item, ours and the server's."""
    wall, own = time.perf_counter(), time.process_time()
    server = server_seconds(installation)
    yield
    figures[f"{name}_per_s"] = round(count / (time.perf_counter() - wall))
    figures[f"{name}_cpu_us"] = round(1e6 * (time.process_time() - own) / count, 1)
    figures[f"{name}_server_cpu_us"] = round(
        1e6 * (server_seconds(installation) - server) / count, 1
    )
