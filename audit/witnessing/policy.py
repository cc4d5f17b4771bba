"""Which witnesses the log trusts, and how many must have cosigned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit import keys
from audit.note import NoteError, SignatureType, VerifierKey
from core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Witness:
    """A trusted witness. Without an address it is not asked any more, but what it cosigned
    before still counts."""

    key: VerifierKey
    url: str = ""


def witnesses() -> list[Witness]:
    """The configured witnesses: LEDGER_WITNESSES, else the lines of `KEY_DIR/witnesses`.

    Each is `verifier-key` or `verifier-key URL`. Raises Misconfigured for a line that is wrong.
    """
    return [_witness(line) for line in settings.LEDGER_WITNESSES or _lines(trust_file())]


def trust_file() -> Path:
    """Where an installation without LEDGER_WITNESSES keeps the list."""
    return Path(settings.KEY_DIR) / "witnesses"


def trust(key: VerifierKey, url: str) -> None:
    """Make `KEY_DIR/witnesses` hold this witness at this address; others stay as they are."""
    path = trust_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    others = [line for line in _lines(path) if line.split()[0] != str(key)]
    path.write_text("".join(f"{line}\n" for line in [*others, f"{key} {url}"]))


def quorum() -> int:
    """How many cosignatures a checkpoint needs before it is published; 0: none."""
    wanted: int = settings.LEDGER_WITNESS_QUORUM
    return wanted


def policy_text(listed: Iterable[Witness]) -> str:
    """What a verifier should ask for, as a C2SP tlog-policy file."""
    listed = list(listed)
    lines = [*(f"log {period.key}" for period in keys.keyring().periods), ""]
    lines += [f"witness w{n} {witness.key}" for n, witness in enumerate(listed, 1)]
    if quorum() and listed:
        names = " ".join(f"w{n}" for n in range(1, len(listed) + 1))
        lines += [f"group quorum {min(quorum(), len(listed))} {names}", "quorum quorum"]
    else:
        lines.append("quorum none")
    return "\n".join(lines) + "\n"


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    return [line for line in path.read_text().splitlines() if line.strip()]


def _witness(line: str) -> Witness:
    text, _blank, url = line.strip().partition(" ")
    try:
        key = VerifierKey.parse(text)
    except NoteError as error:
        raise Misconfigured(
            _("LEDGER_WITNESSES: %(line)s: %(why)s.") % {"line": line, "why": error}
        ) from None
    if key.type is not SignatureType.COSIGNATURE:
        raise Misconfigured(
            _("LEDGER_WITNESSES: %(name)s is a log's key, not a witness's.") % {"name": key.name}
        )
    url = url.strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise Misconfigured(
            _("LEDGER_WITNESSES: the address of %(name)s is not http(s).") % {"name": key.name}
        )
    return Witness(key, url)
