"""Which authority is asked, and which roots are trusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Misconfigured

_LOCAL_PAUSE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority that is asked, the file with its roots, and how often."""

    url: str
    roots: Path | None
    pause: dt.timedelta

    @property
    def name(self) -> str:
        """Its address without user and password, as it is stored and shown."""
        return authority_name(self.url)


def asked() -> Authority | None:
    """The authority in LEDGER_TSA_URL, else the local peer that `trust` named; None without."""
    if settings.LEDGER_TSA_URL:
        path = Path(settings.LEDGER_TSA_ROOTS) if settings.LEDGER_TSA_ROOTS else None
        pause = dt.timedelta(minutes=settings.LEDGER_TSA_MINUTES)
        return Authority(settings.LEDGER_TSA_URL, path, pause)
    if local_file().exists():
        return Authority(local_file().read_text().strip(), local_roots(), _LOCAL_PAUSE)
    return None


def roots() -> list[x509.Certificate]:
    """All trusted roots: those of LEDGER_TSA_ROOTS (a PEM file), and those of the local peer once
    it was asked, or its time-stamps could not be checked any more.

    Raises Misconfigured when a file cannot be read. Keep old roots in it: stored time-stamps
    are checked with them for as long as they are kept.
    """
    found = roots_in(Path(settings.LEDGER_TSA_ROOTS)) if settings.LEDGER_TSA_ROOTS else []
    return found + (roots_in(local_roots()) if local_roots().exists() else [])


def roots_in(path: Path | None) -> list[x509.Certificate]:
    """The certificates in one PEM file, none without a file; raises Misconfigured."""
    if path is None:
        return []
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Misconfigured(
            _("LEDGER_TSA_ROOTS (%(path)s): %(why)s.") % {"path": path, "why": error}
        ) from None


def local_file() -> Path:
    """Where the address of a local peer lies."""
    return Path(settings.KEY_DIR) / "authority"


def local_roots() -> Path:
    """Where the roots of local peers lie, old ones too."""
    return Path(settings.KEY_DIR) / "authority-roots.pem"


def trust(url: str, certificate: bytes) -> None:
    """Ask the local peer at `url` when no other authority is configured, and trust its root
    (PEM); earlier roots stay."""
    path = local_roots()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = path.read_bytes() if path.exists() else b""
    if certificate not in before:
        path.write_bytes(before + certificate)
    local_file().write_text(f"{url}\n")


def authority_name(url: str) -> str:
    """An authority's address without user and password."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
