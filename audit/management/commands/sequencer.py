"""Run the sequencer."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from audit import sequencer
from core import clock


class Command(BaseCommand):
    help = (
        "Give committed records their place in the log and sign checkpoints, until SIGTERM or "
        "Ctrl-C. Several may run; one works, the others stand by. With --once: until the queue "
        "is empty."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when the queue is empty")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            remaining = sequencer.catch_up(now=clock.now())
            self.stdout.write(f"not yet in the log: {remaining}")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            stop.wait(self._turn())

    def _turn(self) -> float:
        """One batch; returns how long to wait (seconds) before the next, so that one begins every
        LEDGER_INTERVAL."""
        started = time.monotonic()
        try:
            placed = sequencer.sequence_once(now=clock.now())
        except sequencer.LedgerForked as error:
            sequencer.report_refusal(error, now=clock.now())
            return 10 * settings.LEDGER_INTERVAL
        except (OperationalError, InterfaceError) as error:  # the server went away: try again
            self.stderr.write(f"sequencer: {error}")
            connection.close()
            return 2 * settings.LEDGER_INTERVAL
        if placed >= settings.LEDGER_BATCH:
            return 0.0
        return max(0.0, settings.LEDGER_INTERVAL - (time.monotonic() - started))
