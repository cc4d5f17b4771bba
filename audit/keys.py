"""The log's own keys: the Ed25519 key that signs its checkpoints, and those that did before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.keyring import statement
from audit.keyring.models import KeyRotation
from audit.keyring.statement import Keyring
from audit.note import Signer, VerifierKey
from core import crypto
from core.errors import Misconfigured

NAME = "ledger"
NEXT = "ledger-next"


def signer() -> Signer:
    """The log's private key, from `VOUCHSAFE_LEDGER` or `KEY_DIR/ledger.key` (a 32-byte seed).

    The embedded default makes one at first use (mode 0600). Elsewhere a missing key raises
    Misconfigured: a key made by surprise would be one that nobody trusts.

    A key that was made for a change takes the old one's place here, once the change is
    committed; so a crash on the way leaves either the old key in force or the new one.
    """
    if settings.EMBEDDED and not settings.PRODUCTION:
        crypto.create_key_file(NAME)
    present = _load(NAME)
    in_force = KeyRotation.objects.values_list("new", flat=True).first()
    if in_force is None or in_force == str(present.verifier):
        return present
    try:
        fresh = _load(NEXT)
    except Misconfigured:
        return present  # not in force: whatever it opens or signs is refused
    if str(fresh.verifier) != in_force:
        return present
    _promote()
    return fresh


def next_signer() -> Signer:
    """The key that the next change brings, from `VOUCHSAFE_LEDGER_NEXT` or `ledger-next.key`,
    which is made unless it is there, and lasts before anything is said about it."""
    if not _in_environment(NEXT):
        path = crypto.create_key_file(NEXT)
        for place in (path, path.parent):
            _flush(place)
    return _load(NEXT)


def verifier_key() -> VerifierKey:
    """The log's public key, under the log's origin."""
    return signer().verifier


def keyring(driver: psycopg.Connection[Any] | None = None) -> Keyring:
    """All keys that the log ever had, each with the sizes that it signed.

    Trust begins at the key that we hold outside the database, and goes back from there by
    statements that both keys signed; `driver` is a snapshot to read them from.
    """
    present = verifier_key()
    if driver is None:
        rows = list(KeyRotation.objects.values_list("size", "note"))
    else:
        query = "SELECT size, note FROM audit_keyrotation ORDER BY size DESC"
        rows = driver.execute(query).fetchall()
    return statement.keyring(present, [(size, text.encode()) for size, text in rows])


def _load(name: str) -> Signer:
    seed = crypto.load_key(name)
    return Signer(settings.LEDGER_ORIGIN, Ed25519PrivateKey.from_private_bytes(seed))


def _promote() -> None:
    """Put the new key's file in the place of the old one's, durably. Keys from the environment
    are the operator's to move."""
    directory = Path(settings.KEY_DIR)
    fresh = directory / f"{NEXT}.key"
    if fresh.exists() and not _in_environment(NEXT) and not _in_environment(NAME):
        fresh.replace(directory / f"{NAME}.key")
        _flush(directory)


def _in_environment(name: str) -> bool:
    variable = "VOUCHSAFE_" + name.upper().replace("-", "_")
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_KEY"))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
