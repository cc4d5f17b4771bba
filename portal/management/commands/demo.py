"""The demo: a firm, a messy extract, one critical notice from draft to verified export."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

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
        "Build the demo firm and walk the main path on the running product: import, approval, "
        "release, sending over real SMTP and HTTP, receipts, export, verification. Then serve "
        "(--no-serve: stop). Exit code 0 only if every step held."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="end after the report")
        parser.add_argument("--rows", type=int, default=1200, help="rows of the extract (1200)")
        parser.add_argument("--port", type=int, default=8000, help="port of the portal (8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.EMBEDDED:
            raise CommandError("the demo makes people and data up: it runs on the embedded profile")
        from portal.demo.run import say_how_to_sign_in, walk_the_main_path

        console = Console()
        call_command("setup", quiet=True)
        trust_local_peers()
        address = f"http://127.0.0.1:{options['port']}/"
        try:
            require_free_ports(host="127.0.0.1", port=options["port"], peers=True)
        except Conflict as error:
            raise CommandError(str(error)) from None
        supervisor = Supervisor(
            programs(port=options["port"], host="127.0.0.1", workers=2, peers=True),
            logs=settings.VAR_DIR / "log",
            say=self.stdout.write,
        )
        signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))  # so that `finally` is run
        supervisor.start()
        held = False
        try:
            if not wait_until_up(address, seconds=60):
                raise CommandError(f"no answer at {address}; see {settings.VAR_DIR / 'log'}")
            held = walk_the_main_path(address, console, rows=options["rows"])
            if held and not options["no_serve"]:
                say_how_to_sign_in(console, address)
                supervisor.watch()
        finally:
            supervisor.stop()
        raise SystemExit(0 if held else 1)
