"""A management command in a process of its own, without the seconds that a new interpreter takes:
a fork of the test process. For commands that need no database."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import IO

from django.core.management import call_command


@dataclass
class Forked:
    """A running command; `stdout` is what it says, line by line."""

    pid: int
    stdout: IO[str]
    ended: int | None = None

    def terminate(self) -> None:
        """Ask it to stop, if it has not ended."""
        if self.ended is None:
            os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        if self.ended is None:
            self.ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.stdout.close()
        return self.ended


def forked(command: str, *arguments: str) -> Forked:
    """Start `manage.py command arguments` in a fork."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(read)
            call_command(command, *arguments, stdout=os.fdopen(write, "w"))
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    return Forked(pid, os.fdopen(read))
