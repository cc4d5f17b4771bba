"""Run one host: PostgreSQL, web, worker, beat and sequencer under one command."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Conflict
from portal.stack import (
    programs,
    require_free_ports,
    trust_local_peers,
    wait_until_up,
)
from portal.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Start PostgreSQL (the embedded one, unless DATABASE_URL names another), the web server, "
        "the Celery worker and beat, and the ledger's sequencer. Ctrl-C stops all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the portal (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--workers", type=int, default=2, help="sending processes (2)")
        parser.add_argument(
            "--peers",
            action="store_true",
            help="also run the local SMTP server, SMS gateway, witness and time-stamping "
            "authority that the demo uses",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMBEDDED:
            call_command("setup", quiet=True)
        if options["peers"]:
            trust_local_peers()
        port, host = options["port"], options["host"]
        try:
            require_free_ports(host=host, port=port, peers=options["peers"])
        except Conflict as error:
            raise CommandError(str(error)) from None
        supervisor = Supervisor(
            programs(port=port, host=host, workers=options["workers"], peers=options["peers"]),
            logs=settings.VAR_DIR / "log",
            say=self.stdout.write,
        )
        supervisor.start()
        address = f"http://{host}:{port}/"
        if wait_until_up(address, seconds=60):
            self.stdout.write(f"Vouchsafe is up at {address} (Ctrl-C stops it)")
        else:
            self.stdout.write(f"No answer at {address} yet; see {settings.VAR_DIR / 'log'}")
        raise SystemExit(supervisor.watch())
