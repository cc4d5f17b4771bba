"""A database of its own for a benchmark: embedded PostgreSQL with durable settings (fsync on),
migrated by the owner role; Django and child processes work on it as the application role."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_children: list[subprocess.Popen[Any]] = []


@contextmanager
def bench_installation() -> Iterator[Path]:
    """A fresh installation in a temporary directory; yields the directory.

    Must be entered before Django is imported. Children inherit it through the environment.
    A SIGTERM ends the block in the ordinary way: neither the server nor a child stays behind.
    """
    end_by_sigterm()
    with tempfile.TemporaryDirectory(prefix="vb-", ignore_cleanup_errors=True) as directory:
        os.environ["VOUCHSAFE_VAR"] = directory
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        os.environ.pop("DATABASE_URL", None)
        from portal.env import embedded_server

        server = embedded_server()
        assert server is not None
        with server.lease():
            import django

            django.setup()
            from django.core.management import call_command

            call_command("setup", quiet=True)
            try:
                yield Path(directory)
            finally:
                for each in _children:
                    if each.poll() is None:
                        each.terminate()
                        each.wait()
                from django.db import connections

                connections.close_all()


def owned(process: subprocess.Popen[Any]) -> subprocess.Popen[Any]:
    """`process` works on the installation, and is ended with it."""
    _children.append(process)
    return process


def end_by_sigterm() -> None:
    """Make SIGTERM end this process as Ctrl-C does, through every `finally`."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once: what runs is being stopped
    raise SystemExit(128 + number)


def peak_memory_mb(*, children: bool = False) -> float:
    """Peak resident memory of this process (or of its ended children), in MB."""
    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return round(resource.getrusage(who).ru_maxrss / unit, 1)


def report(name: str, figures: dict[str, Any]) -> None:
    """Print one benchmark's figures as a line of JSON."""
    print(json.dumps({"bench": name, **figures}, ensure_ascii=False), flush=True)
