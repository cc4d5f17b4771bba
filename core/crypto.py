"""Keys and ciphers. AES-256-GCM for sealing, HMAC-SHA256 for searchable hashes.

Key material lives outside the database: files in `settings.KEY_DIR` (mode 0600) or base64 in
the environment (`VOUCHSAFE_KEK`, `VOUCHSAFE_INDEX_KEY`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Misconfigured

KEY_BYTES = 32
_NONCE = 12


class SealBroken(ValueError):
    """A ciphertext that does not open under this key and context."""


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """AES-256-GCM: nonce ‖ ciphertext ‖ tag. `context` is authenticated, not stored."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def sealer(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """`seal` under one key for several plaintexts: a function of plaintext and context."""
    encrypt = AESGCM(key).encrypt

    def seal_one(plaintext: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + encrypt(nonce, plaintext, context)

    return seal_one


def unseal(key: bytes, sealed: bytes, *, context: bytes) -> bytes:
    """The plaintext; raises SealBroken if key, context or any byte is wrong."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
    except InvalidTag as error:
        raise SealBroken(
            "sealed data does not open: wrong key, context or altered bytes"
        ) from error


def load_key(name: str) -> bytes:
    """The 32-byte key `name` from `VOUCHSAFE_<NAME>` or `VOUCHSAFE_<NAME>_KEY` (base64), or from
    `KEY_DIR/<name>.key`.

    Raises Misconfigured when it is absent, not base64 or not 32 bytes.
    """
    variable = "VOUCHSAFE_" + name.upper().replace("-", "_")
    env = os.environ.get(variable) or os.environ.get(f"{variable}_KEY")
    path = Path(settings.KEY_DIR) / f"{name}.key"
    if not env and not path.exists():
        raise Misconfigured(
            _("The key “%(name)s” is missing.") % {"name": name}, code="key_missing"
        )
    try:
        raw = base64.b64decode(env or path.read_bytes())
    except ValueError:
        raise Misconfigured(_("The key “%(name)s” is not base64.") % {"name": name}) from None
    if len(raw) != KEY_BYTES:
        raise Misconfigured(_("The key “%(name)s” must have 32 bytes.") % {"name": name})
    return raw


def create_key_file(name: str) -> Path:
    """Make `KEY_DIR/<name>.key` with fresh random bytes unless it exists; mode 0600."""
    directory = Path(settings.KEY_DIR)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{name}.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "wb") as out:
        out.write(base64.b64encode(new_key()) + b"\n")
    return path


@lru_cache(maxsize=1)
def kek() -> bytes:
    """The key-encryption key that wraps every subject's data key."""
    return load_key("kek")


@lru_cache(maxsize=1)
def _index_pads() -> tuple[hashlib._Hash, hashlib._Hash]:
    """HMAC-SHA256's two hashes with the key already in them (RFC 2104, section 4)."""
    block = load_key("index-key").ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


@lru_cache(maxsize=1)
def _seal_under_kek() -> Callable[[bytes, bytes], bytes]:
    return sealer(kek())


def wrap(key: bytes, *, context: bytes) -> bytes:
    """`key` sealed under the key-encryption key."""
    return _seal_under_kek()(key, context)


@lru_cache(maxsize=1)
def _kek_cipher() -> AESGCM:
    return AESGCM(kek())


def unwrap(wrapped: bytes, *, context: bytes) -> bytes:
    """The inverse of `wrap`; raises SealBroken."""
    try:
        return _kek_cipher().decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
    except InvalidTag as error:
        raise SealBroken("a wrapped key does not open under this key-encryption key") from error


def blind_index(purpose: str, value: str) -> bytes:
    """A 32-byte keyed hash for equality search over encrypted fields.

    `purpose` separates domains, so that the same value in two fields does not match. Without
    the index key nobody can test a guess.
    """
    inner, outer = _index_pads()
    inner = inner.copy()
    inner.update(f"{purpose}\x00{value}".encode())
    outer = outer.copy()
    outer.update(inner.digest())
    return outer.digest()


def commitment(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256 of `content` under a fresh per-record key: binding, and not enumerable."""
    return hmac.digest(key, content, "sha256")


def sha256_hex(data: bytes) -> str:
    """Hex SHA-256; never of a bare phone number or address (ledger.md)."""
    return hashlib.sha256(data).hexdigest()


def forget_cached_keys() -> None:
    """Drop keys cached in this process (rotation, tests)."""
    kek.cache_clear()
    _kek_cipher.cache_clear()
    _seal_under_kek.cache_clear()
    _index_pads.cache_clear()
