"""The log's own key: the Ed25519 key that signs its checkpoints."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.note import Signer, VerifierKey
from core import crypto

NAME = "ledger"


def signer() -> Signer:
    """The log's private key, from `VOUCHSAFE_LEDGER` or `KEY_DIR/ledger.key` (a 32-byte seed).

    The embedded default makes one at first use (mode 0600). Elsewhere a missing key raises
    Misconfigured: a key made by surprise would be one that nobody trusts.
    """
    if settings.EMBEDDED and not settings.PRODUCTION:
        crypto.create_key_file(NAME)
    seed = crypto.load_key(NAME)
    return Signer(settings.LEDGER_ORIGIN, Ed25519PrivateKey.from_private_bytes(seed))


def verifier_key() -> VerifierKey:
    """The log's public key, under the log's origin."""
    return signer().verifier
