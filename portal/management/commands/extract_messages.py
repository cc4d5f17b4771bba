"""Bring the translation catalogues up to date with the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal import messages

APPS = [
    "core", "audit", "investors", "templates_mgmt", "comms", "crisis", "supervision", "portal",
]  # fmt: skip


class Command(BaseCommand):
    help = "Update portal/locale/*/LC_MESSAGES/django.po; --check only lists what is untranslated."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on gaps")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = messages.messages_of(settings.BASE_DIR, APPS)
        missing = 0
        for path in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po")):
            catalog = polib.pofile(str(path), wrapwidth=96)
            if not options["check"]:
                messages.update(catalog, wanted)
                catalog.save(str(path))
            gaps = messages.untranslated(catalog, wanted)
            missing += len(gaps)
            for gap in gaps:
                self.stdout.write(f"{path.parent.parent.name}: {gap.text!r} in {wanted[gap][0]}")
        if options["check"] and missing:
            raise SystemExit(1)
