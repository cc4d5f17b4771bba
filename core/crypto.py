"""Keys and ciphers. AES-256-GCM for sealing, HMAC-SHA256 for searchable hashes.

Key material lives outside the database: files in `settings.KEY_DIR` (mode 0600), base64 in the
environment (`VOUCHSAFE_KEK`, `VOUCHSAFE_INDEX_KEY`), or a KMS (`core.keyring`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Misconfigured

if TYPE_CHECKING:
    from core.keyring import Keyring

KEY_BYTES = 32
_NONCE = 12
_WRAPPED = 2 + _NONCE + KEY_BYTES + 16  # number of the KEK, nonce, key, tag

Sealer = Callable[[bytes, bytes], bytes]  # of plaintext and context
_installed: dict[str, Any] = {}


class SealBroken(ValueError):
    """A ciphertext that does not open under this key and context."""


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """AES-256-GCM: nonce ‖ ciphertext ‖ tag. `context` is authenticated, not stored."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


class Draws:
    """Fresh random bytes, a thousand draws to one system call. For one function's own use: kept
    across a fork, both processes would draw the same."""

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        """`size` bytes that nobody drew before."""
        end = self._at + size
        if end > len(self._pool):
            self._pool, end, self._at = os.urandom(max(16_384, size)), size, 0
        at, self._at = self._at, end
        return self._pool[at:end]


def sealer(key: bytes, draw: Callable[[int], bytes] = os.urandom) -> Sealer:
    """`seal` under one key for several plaintexts: a function of plaintext and context."""
    encrypt = AESGCM(key).encrypt

    def seal_one(plaintext: bytes, context: bytes) -> bytes:
        nonce = draw(_NONCE)
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
def _index_pads() -> tuple[hashlib._Hash, hashlib._Hash]:
    """HMAC-SHA256's two hashes with the key already in them (RFC 2104, section 4)."""
    block = _index_key().ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def install_keys(*, keks: dict[int, bytes], index_key: bytes) -> None:
    """Use these keys instead of looking for any: for a helper process without settings."""
    forget_cached_keys()
    _installed.update(keks=keks, index_key=index_key)


def keys_to_install() -> dict[str, Any]:
    """What `install_keys` takes to do here what this process can do: the KEK that wraps now and
    the index key. For a pipe to a child process, never for a file or an argument."""
    ring = keyring()
    return {"keks": {ring.current: ring.key(ring.current)}, "index_key": _index_key()}


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The key-encryption keys of this process."""
    from core.keyring import Keyring

    return Keyring(_installed.get("keks"))


@lru_cache(maxsize=64)
def _cipher(kek: bytes) -> AESGCM:
    return AESGCM(kek)


def wrap(key: bytes, *, context: bytes) -> bytes:
    """`key` sealed under the KEK in use, led by the KEK's number as two bytes."""
    return wrapper()(key, context)


def wrapper(draw: Callable[[int], bytes] = os.urandom) -> Sealer:
    """`wrap` for many keys: a function of key and context."""
    ring = keyring()
    number = ring.current
    head, seal_one = number.to_bytes(2, "big"), sealer(ring.key(number), draw)
    return lambda key, context: head + seal_one(key, context)


def unwrap(wrapped: bytes, *, context: bytes) -> bytes:
    """The inverse of `wrap`; raises SealBroken, or Misconfigured when its KEK is not here."""
    if len(wrapped) != _WRAPPED:
        raise SealBroken("a wrapped key has the wrong length")
    cipher = _cipher(keyring().key(int.from_bytes(wrapped[:2], "big")))
    try:
        return cipher.decrypt(wrapped[2 : 2 + _NONCE], wrapped[2 + _NONCE :], context)
    except InvalidTag as error:
        raise SealBroken("a wrapped key does not open under its key-encryption key") from error


def wrapped_under(wrapped: bytes) -> int:
    """The number of the KEK that a wrapped key needs."""
    return int.from_bytes(wrapped[:2], "big")


@lru_cache(maxsize=1)
def kek() -> bytes:
    """The key for what belongs to no subject and lives for a short time (one-time codes, raw
    receipts). Drawn from the index key, so that rotating the KEKs does not touch it."""
    return hmac.digest(_index_key(), b"fields of no subject", "sha256")


def _index_key() -> bytes:
    installed: bytes | None = _installed.get("index_key")
    return installed or load_key("index-key")


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
    _installed.clear()
    for cached in (keyring, _cipher, kek, _index_pads):
        cached.cache_clear()
