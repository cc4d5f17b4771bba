"""`manage.py export_templates --out DIR`: templates as YAML files, one each."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from core import clock
from core.actor import Actor, system
from core.errors import VouchsafeError
from core.roles import Capability
from templates_mgmt.files.service import export_version
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State

UNUSABLE = 2


class Command(BaseCommand):
    help = (
        "Write templates as YAML files, for review outside or for another installation: the "
        "newest approved version of each, or the newest of any state with --newest. Exit codes: "
        "0 written, 2 nothing to write, or the directory cannot be used."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument("--line", metavar="CODE", help="only this business line")
        parser.add_argument("--code", action="append", metavar="CODE", help="only these templates")
        parser.add_argument("--newest", action="store_true", help="whatever their state")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            written = self._write(options)
        except (VouchsafeError, OSError) as error:
            self._refuse(str(error), options["json"])
        if not written:
            self._refuse("No template matches.", options["json"])
        if options["json"]:
            self.stdout.write(json.dumps({"files": written}, ensure_ascii=False))
        else:
            self.stdout.write("".join(f"{name}\n" for name in written) + f"{len(written)} files")

    def _write(self, options: dict[str, Any]) -> list[str]:
        options["out"].mkdir(parents=True, exist_ok=True)
        written = []
        for version_id in _chosen(options):
            name, text = export_version(version_id=version_id, actor=_actor(), now=clock.now())
            (options["out"] / name).write_text(text, encoding="utf-8")
            written.append(name)
        return written

    def _refuse(self, message: str, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"error": message}, ensure_ascii=False))
        else:
            self.stderr.write(message)
        sys.exit(UNUSABLE)


def _actor() -> Actor:
    rights = frozenset({Capability.TEMPLATES_VIEW, Capability.LINES_ALL})
    me = system("export_templates")
    return Actor(kind=me.kind, id=me.id, label=me.label, capabilities=rights)


def _chosen(options: dict[str, Any]) -> list[Any]:
    versions = TemplateVersion.objects.order_by("template__code", "-number")
    if not options["newest"]:
        versions = versions.filter(state=State.APPROVED)
    if options["line"]:
        versions = versions.filter(template__business_line__code=options["line"])
    if options["code"]:
        versions = versions.filter(template__code__in=options["code"])
    return list(versions.distinct("template__code").values_list("pk", flat=True))
