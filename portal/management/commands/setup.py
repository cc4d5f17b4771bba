"""Make an installation ready: roles, database, keys, schema."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import crypto
from core.database import provision
from core.embedded import DATABASE
from portal.env import embedded_server


class Command(BaseCommand):
    help = (
        "Create the database roles and the database, the keys and the schema; harmless when "
        "repeated. With an external server, DATABASE_ADMIN_URL names a role that may create "
        "roles and databases; without it they must exist already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print nothing but errors")

    def handle(self, *args: Any, **options: Any) -> None:
        admin_url = self._admin_url()
        if admin_url:
            provision(
                admin_url,
                database=DATABASE if settings.EMBEDDED else settings.DATABASES["default"]["NAME"],
                owner_password=settings.DATABASES["owner"]["PASSWORD"],
                app_password=settings.DATABASES["default"]["PASSWORD"],
            )
        if settings.PRODUCTION:
            for name in ("kek", "index-key"):
                crypto.load_key(name)
        else:
            for name in ("kek", "index-key"):
                crypto.create_key_file(name)
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        if not options["quiet"]:
            self.stdout.write("The database, the keys and the schema are ready.")

    def _admin_url(self) -> str:
        server = embedded_server()
        if server is not None:
            return server.url()
        url = os.environ.get("DATABASE_ADMIN_URL", "")
        if not url and "DATABASE_OWNER_URL" not in os.environ:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: migrations run as the owner role, the "
                "application as another. See docs/operations.md."
            )
        return url
