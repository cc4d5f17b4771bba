#!/usr/bin/env python3
"""Vouchsafe's command line. Starts the embedded PostgreSQL for the length of the command
when no DATABASE_URL names a server."""

from __future__ import annotations

import contextlib
import os
import sys

_NEEDS_NO_DATABASE = {
    "help", "version", "--help", "--version", "makemessages", "compile_catalogs", "shell_help",
    "check", "makemigrations", "collectstatic", "witness",
    "local_peers", "check_proof",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    with contextlib.ExitStack() as stack:
        if command not in _NEEDS_NO_DATABASE and "--help" not in sys.argv:
            from portal.env import embedded_server

            server = embedded_server()
            if server is not None:
                stack.enter_context(server.lease())
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
