"""A process that has loaded the product once and forks Celery workers from itself, so that a
worker is there in milliseconds instead of seconds of imports. Each is a process of its own: it
opens its own connections, is killed by its own id, and shares nothing with the others.

Talks in lines of JSON: `{"start": LOG}` answers the id of a new worker, `{"ended": true}` the
exit codes of those that ended, by id (negative: the signal).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = [
    "worker", "-P", "solo", "-c", "1", "-l", "WARNING", "--without-gossip", "--without-mingle",
    "--without-heartbeat",
]  # fmt: skip


class Nursery:
    """Starts workers under one environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ended: dict[str, int] = {}

    def close(self) -> None:
        """End it, and with it every worker that still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def start(self, log: Path) -> Worker:
        """A new worker that writes to `log`."""
        return Worker(self._ask(start=str(log))["pid"], self)

    def ended(self, pid: int) -> int | None:
        """The exit code of a worker, None while it lives."""
        if str(pid) not in self._ended:
            self._ended |= self._ask(ended=True)
        return self._ended.get(str(pid))

    def _ask(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True, slots=True)
class Worker:
    """One Celery worker; the parts of `subprocess.Popen` that tests use."""

    pid: int
    nursery: Nursery

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self.nursery.ended(self.pid)

    def wait(self, timeout: float = 30.0) -> int:
        """The exit code, once it has ended."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < deadline, f"worker {self.pid} goes on"
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def main() -> None:
    """Load everything, then do as told until the input ends."""
    import celery.apps.worker
    import celery.bin.worker
    import celery.concurrency.solo  # noqa: F401  loaded once for all
    import django
    import kombu.transport.filesystem  # noqa: F401

    django.setup()
    from portal.celery import app

    app.loader.import_default_modules()
    app.finalize()
    alive: set[int] = set()
    for line in sys.stdin:
        question = json.loads(line)
        if "start" in question:
            pid = os.fork()
            if pid == 0:
                _work(app, question["start"])
            alive.add(pid)
            answer: dict[str, int] = {"pid": pid}
        else:
            answer = _reap(alive)
        print(json.dumps(answer), flush=True)
    for pid in alive - {int(ended) for ended in _reap(alive)}:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _reap(alive: set[int]) -> dict[str, int]:
    ended = {}
    for pid in list(alive):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            alive.discard(pid)
            ended[str(pid)] = os.waitstatus_to_exitcode(status)
    return ended


def _work(app: Any, log: str) -> None:
    """The life of one worker; never returns."""
    code = 1
    try:
        with Path(log).open("ab") as out, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        app.worker_main(WORKER)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
