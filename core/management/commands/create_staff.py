"""Make a member of staff from the command line: the first administrator, or the way back in
when nobody can sign in."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, services
from core.actor import system
from core.errors import VouchsafeError
from core.models import BusinessLine
from core.roles import Role


class Command(BaseCommand):
    help = (
        "Make a member of staff and print an initial password once. At the first sign-in its "
        "owner chooses another one and sets up an authenticator app. The act is recorded as the "
        "operator's. Exit code 1 when it is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="display name")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--role",
            action="append",
            default=[],
            choices=[role.value for role in Role],
            help="may be repeated",
        )
        parser.add_argument(
            "--line", action="append", default=[], metavar="CODE", help="business line; repeatable"
        )
        parser.add_argument("--language", default="zh-hans", help="zh-hans or en")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = BusinessLine.objects.filter(code__in=options["line"])
        missing = sorted(set(options["line"]) - {line.code for line in lines})
        if missing:
            raise CommandError(f"There is no business line {', '.join(missing)}.")
        password = services.new_password()
        try:
            user = services.create_user(
                username=options["username"],
                password=password,
                display_name=options["name"],
                email=options["email"],
                roles=[Role(role) for role in options["role"]],
                lines=[line.pk for line in lines],
                language=options["language"],
                actor=system("operator"),
                now=clock.now(),
            )
        except VouchsafeError as error:
            raise CommandError(f"{error.field}: {error}" if error.field else str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps({"id": str(user.pk), "password": password}))
        else:
            self.stdout.write(f"{user.get_username()} may sign in with: {password}")
