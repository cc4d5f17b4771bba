"""Check a record's proof file."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.log.proof import ProofRefused, Proved, TlogProof, check_proof
from audit.note import NoteError, SignatureType, VerifierKey


class Command(BaseCommand):
    help = (
        "Check a proof file (C2SP tlog-proof): that a record is in the log as signed, and "
        "cosigned. Needs no database and no network. Exit code 0: proved; 1: not; 2: wrong usage."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the .tlog-proof file")
        parser.add_argument(
            "--entry", type=Path, required=True, metavar="FILE", help="the record as logged (.json)"
        )
        parser.add_argument(
            "--key",
            action="append",
            required=True,
            metavar="KEY",
            help="the log's verifier key, got in another way than the proof, or a file that holds "
            "it; repeatable",
        )
        parser.add_argument(
            "--witness", action="append", metavar="KEY", help="a witness's verifier key, or a file"
        )
        parser.add_argument(
            "--quorum", type=int, default=0, metavar="N", help="witnesses that must have cosigned"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, file: Path, entry: Path, quorum: int, **options: Any) -> None:
        try:
            logs = [_key(text, SignatureType.ED25519) for text in options["key"]]
            cosigners = [_key(text, SignatureType.COSIGNATURE) for text in options["witness"] or ()]
            data, leaf = file.read_bytes(), entry.read_bytes()
        except (OSError, NoteError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=2) from None
        try:
            proved = check_proof(
                TlogProof.parse(data),
                leaf,
                logs=logs,
                witnesses=cosigners,
                quorum=quorum,
            )
        except ProofRefused as error:
            self.stdout.write(
                json.dumps({"ok": False, "why": str(error)})
                if options["json"]
                else f"✗ {file}: {error}\nNOT proved."
            )
            sys.exit(1)
        self.stdout.write(_as_json(proved) if options["json"] else _in_words(proved))


def _key(text: str, wanted: SignatureType) -> VerifierKey:
    """A verifier key, from the text itself or the file that it names."""
    if "+" not in text and Path(text).is_file():
        text = Path(text).read_text().strip()
    key = VerifierKey.parse(text)
    if key.type is not wanted:
        kind = "a log's" if wanted is SignatureType.ED25519 else "a witness's"
        raise NoteError(f"{key.name} is not {kind} key")
    return key


def _as_json(proved: Proved) -> str:
    return json.dumps(
        {
            "ok": True,
            "index": proved.index,
            "origin": proved.checkpoint.origin,
            "size": proved.checkpoint.size,
            "root": proved.checkpoint.root.hex(),
            "cosigned_at": proved.cosigned_at,
        }
    )


def _in_words(proved: Proved) -> str:
    lines = [
        f"✓ leaf {proved.index:,} of {proved.checkpoint.size:,} in {proved.checkpoint.origin}",
        "✓ the checkpoint is signed by the log's key",
    ]
    for name, at in proved.cosigned_at.items():
        when = dt.datetime.fromtimestamp(at, dt.UTC).isoformat().replace("+00:00", "Z")
        lines.append(f"✓ cosigned by {name} at {when}")
    return "\n".join([*lines, "Proved."])
