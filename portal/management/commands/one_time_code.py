"""Print a demo user's current one-time code."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice


class Command(BaseCommand):
    help = "Print the current one-time code of a demo user; refused in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("one-time codes are printed for the demo only, not in production")
        device = TOTPDevice.objects.filter(
            user__username=options["username"], confirmed=True
        ).first()
        if device is None:
            raise CommandError(f"{options['username']} has no confirmed authenticator")
        code = totp(device.bin_key, device.step, device.t0, device.digits, device.drift)
        left = device.step - int(time.time()) % device.step
        self.stdout.write(f"{code:0{device.digits}d} (for {left} more seconds)")
