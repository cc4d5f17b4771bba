"""The supervisor restarts what dies and gives up on what keeps dying."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from portal.supervisor import MAX_RESTARTS, Program, Supervisor

FOREVER = [sys.executable, "-c", "import signal; signal.pause()"]


def until(condition, *, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()


@pytest.fixture
def lines():
    return []


def test_a_killed_program_comes_back_and_all_stop(tmp_path, lines):
    supervisor = Supervisor([Program("one", FOREVER)], logs=tmp_path, say=lines.append)
    supervisor.start()
    first = supervisor._running["one"]
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    assert supervisor.revive()
    second = supervisor._running["one"]
    assert second.pid != first.pid
    assert second.poll() is None
    assert "one ended with code -9" in lines[0]
    supervisor.stop()
    assert second.poll() == -signal.SIGTERM


def test_it_gives_up_on_a_program_that_cannot_run(tmp_path, lines):
    broken = Program("broken", [sys.executable, "-c", "raise SystemExit('no database')"])
    supervisor = Supervisor([broken], logs=tmp_path, say=lines.append)
    supervisor.start()
    rounds = 0
    while rounds <= MAX_RESTARTS:
        supervisor._running["broken"].wait(20)
        rounds += 1
        if not supervisor.revive():
            break
    assert rounds == MAX_RESTARTS + 1
    assert "stopping" in lines[-1]
    assert b"no database" in (tmp_path / "broken.log").read_bytes()
