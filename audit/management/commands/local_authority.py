"""Run the local time-stamping authority: a peer for demonstrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.timestamping.peer import LocalAuthority, server
from core import clock


class Command(BaseCommand):
    help = (
        "Answer RFC 3161 time-stamp requests on loopback, with a key made here: a peer that shows "
        "the protocol at work and proves nothing to others. Prints the settings to use it with."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=2528, help="port on loopback (2528)")
        parser.add_argument("--dir", type=Path, help="its keys (VOUCHSAFE_VAR/peers/authority)")

    def handle(self, *, port: int, dir: Path | None, **_options: Any) -> None:
        directory = dir or Path(settings.VAR_DIR) / "peers" / "authority"
        authority = LocalAuthority(directory, now=clock.now())
        try:
            running = server(authority, "127.0.0.1", port)
        except OSError as error:
            raise CommandError(f"--port {port}: {error.strerror}") from None
        with running:
            address = f"http://127.0.0.1:{running.server_address[1]}/"
            self.stdout.write(f"VOUCHSAFE_LEDGER_TSA_URL={address}")
            self.stdout.write(f"VOUCHSAFE_LEDGER_TSA_ROOTS={authority.roots}")
            self.stdout.flush()
            try:
                running.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("stopped")
