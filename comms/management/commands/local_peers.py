"""Run a local mail server and a local SMS gateway that speak the real protocols."""

from __future__ import annotations

import json
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from comms.peers.receipts import ReceiptPoster
from comms.peers.sms import SmsPeer, SmsRules
from comms.peers.smtp import MailPeer, MailRules


class Command(BaseCommand):
    help = (
        "Runs a mail server that keeps .eml files and an SMS gateway that journals what it "
        "accepts, until SIGTERM or Ctrl-C. Both report deliveries and bounces, signed, to "
        "<receipts-url>/smtp/ and <receipts-url>/gateway/. For the demo, tests and benchmarks."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--smtp-port", type=int, default=2525, help="0 takes a free port")
        parser.add_argument("--sms-port", type=int, default=2526, help="0 takes a free port")
        parser.add_argument("--receipts-url", default="", help="…/api/v1/webhooks")
        parser.add_argument("--dir", type=Path, required=True, help="where mail and journal go")
        parser.add_argument("--sms-fail-percent", type=int, default=0)
        parser.add_argument("--sms-repeat-every", type=int, default=7)
        parser.add_argument("--mail-refuse-percent", type=int, default=0)
        parser.add_argument("--mail-bounce-percent", type=int, default=0)

    def handle(self, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        base = options["receipts_url"].rstrip("/")
        mail_events = ReceiptPoster(f"{base}/smtp/", settings.MAIL_EVENTS_SECRET) if base else None
        sms_events = ReceiptPoster(f"{base}/gateway/", settings.SMS_SECRET) if base else None
        mail = MailPeer(
            options["dir"] / "mail",
            port=options["smtp_port"],
            rules=MailRules(
                refuse_percent=options["mail_refuse_percent"],
                bounce_percent=options["mail_bounce_percent"],
            ),
            notify=mail_events.put if mail_events else None,
        )
        sms = SmsPeer(
            options["dir"],
            secret=settings.SMS_SECRET,
            port=options["sms_port"],
            rules=SmsRules(
                fail_percent=options["sms_fail_percent"],
                repeat_every=options["sms_repeat_every"],
            ),
            receipts=sms_events,
        )
        with mail, sms:
            self.stdout.write(json.dumps({"smtp_port": mail.port, "sms_port": sms.port}))
            self.stdout.flush()
            stop.wait()
        for poster in (mail_events, sms_events):
            if poster is not None:
                poster.stop()
