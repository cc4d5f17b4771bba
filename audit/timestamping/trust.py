"""Which authority is asked, and which roots are trusted."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Misconfigured


def roots() -> list[x509.Certificate]:
    """The certificates in LEDGER_TSA_ROOTS (a PEM file); none when it is not set.

    Raises Misconfigured when the file cannot be read. Keep old roots in it: stored time-stamps
    are checked with them for as long as they are kept.
    """
    if not settings.LEDGER_TSA_ROOTS:
        return []
    try:
        data = Path(settings.LEDGER_TSA_ROOTS).read_bytes()
        return x509.load_pem_x509_certificates(data)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            _("LEDGER_TSA_ROOTS (%(path)s): %(why)s.")
            % {"path": settings.LEDGER_TSA_ROOTS, "why": error}
        ) from None


def authority_name(url: str) -> str:
    """The authority's address without user and password, as it is stored and shown."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
