"""Run a witness: a process that remembers how far the log had come."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.note import NoteError, VerifierKey
from audit.witness.core import Witness
from audit.witness.memory import Memory, MemoryUnusable
from audit.witness.server import WitnessServer


class Command(BaseCommand):
    help = (
        "Run a witness (C2SP tlog-witness): it cosigns a checkpoint of a log when, and only when, "
        "that continues the last one it cosigned. It has a key and a memory of its own in --dir, "
        "needs no database, and belongs on a machine that the log's operators cannot change: a "
        "regulator's, an auditor's. Prints its verifier key, then serves POST /add-checkpoint "
        "until SIGTERM or Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dir", type=Path, metavar="DIR", help="its key and memory (default: VAR/witness)"
        )
        parser.add_argument(
            "--name", default="witness.example/local", help="its name in cosignatures"
        )
        parser.add_argument(
            "--log",
            action="append",
            metavar="KEY",
            default=[],
            help="the verifier key of a log to serve; repeatable, also for a log that changed its "
            "key (manage.py ledger_key prints this installation's)",
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=2527, help="0 takes a free port (2527)")
        parser.add_argument("--key", action="store_true", help="print the verifier key and stop")

    def handle(self, **options: Any) -> None:
        directory: Path = options["dir"] or Path(settings.VAR_DIR) / "witness"
        try:
            if options["key"]:
                self.stdout.write(str(Memory(directory).cosigner(options["name"]).verifier))
                return
            logs = [VerifierKey.parse(text) for text in options["log"]]
            if not logs:
                raise NoteError("name at least one log by its key: --log KEY")
            with Memory(directory) as memory:
                cosigner = memory.cosigner(options["name"])
                self._serve(Witness(cosigner, memory, logs), (options["host"], options["port"]))
        except (MemoryUnusable, NoteError) as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{options['host']}:{options['port']}: {error}") from None

    def _serve(self, witness: Witness, address: tuple[str, int]) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with WitnessServer(address, witness, self._say) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            host, port = server.server_address[:2]
            self._say(f"{witness.cosigner.verifier}")
            self._say(f"http://{host!s}:{port}/ for {', '.join(witness.logs)}")
            stop.wait()
            server.shutdown()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
