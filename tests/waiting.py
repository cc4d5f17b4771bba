"""Waiting for something that happens elsewhere, with a deadline instead of a guess."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Return as soon as `condition()` is true; fails after `seconds`."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s: {condition}"
        pause.wait(0.01)
