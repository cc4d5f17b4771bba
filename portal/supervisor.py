"""Keeps the processes of one host running: web, worker, beat, sequencer, local peers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 20
MAX_RESTARTS = 5  # within RESTART_WINDOW seconds, then everything stops
RESTART_WINDOW = 60


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running; its output goes to `<log dir>/<name>.log`."""

    name: str
    command: Sequence[str]


@dataclass
class Supervisor:
    """Starts programs, restarts those that die, stops all when asked.

    `say` receives one line for people at each change.
    """

    programs: Sequence[Program]
    logs: Path
    say: Callable[[str], None]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _deaths: list[float] = field(default_factory=list)
    _stopping: bool = False

    def start(self) -> None:
        """Start every program."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for program in self.programs:
            self._launch(program)

    def watch(self) -> int:
        """Block until SIGINT or SIGTERM, or until programs keep dying; returns an exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        code = 0
        while not self._stopping:
            if not self.revive():
                code = 1
                break
            time.sleep(0.5)
        self.stop()
        return code

    def revive(self) -> bool:
        """Restart what died; False when too much died too fast."""
        for program in self.programs:
            process = self._running[program.name]
            if process.poll() is None:
                continue
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < RESTART_WINDOW] + [now]
            log = self.logs / f"{program.name}.log"
            self.say(f"{program.name} ended with code {process.returncode}; see {log}")
            if len(self._deaths) > MAX_RESTARTS:
                self.say("too many processes ended; stopping")
                return False
            self._launch(program)
        return True

    def stop(self) -> None:
        """Stop all with SIGTERM, then SIGKILL after STOP_SECONDS."""
        for process in reversed(list(self._running.values())):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _launch(self, program: Program) -> None:
        with (self.logs / f"{program.name}.log").open("ab") as log:
            self._running[program.name] = subprocess.Popen(
                program.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches this process only, which then stops the others in order.
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True


def python(*args: str) -> list[str]:
    """A command line for this installation's interpreter."""
    return [sys.executable, *args]
