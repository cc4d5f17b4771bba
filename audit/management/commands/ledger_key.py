"""Print the log's verifier key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit import keys


class Command(BaseCommand):
    help = "Print the log's verifier key, one line, in C2SP form: name+keyid+base64."

    def handle(self, **options: Any) -> None:
        self.stdout.write(str(keys.verifier_key()))
