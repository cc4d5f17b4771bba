"""A benchmark that is told to end leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """
import subprocess, sys, time
from tests.bench.environment import bench_installation, owned
with bench_installation() as directory:
    child = owned(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
    server = (directory / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
    print(directory, child.pid, server, flush=True)
    time.sleep(600)
"""


def alive(pid: str) -> bool:
    """Whether a process still runs; one that has ended and that nobody waited for does not."""
    stat = Path("/proc", pid, "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.thorough
def test_sigterm_ends_the_server_and_the_children_of_a_benchmark():
    bench = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "VOUCHSAFE_VAR": ""},
    )  # fmt: skip
    assert bench.stdout is not None
    with bench:
        directory, child, server = bench.stdout.readline().split()
        bench.send_signal(signal.SIGTERM)
        assert bench.wait(60) == 128 + signal.SIGTERM
    assert not Path(directory).exists()
    assert not alive(child)
    assert not alive(server)
