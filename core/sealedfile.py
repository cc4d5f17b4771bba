"""Files under a key: AES-256-GCM in chunks, so that neither writing nor reading needs more memory
than one chunk, and reading may begin anywhere.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce of a chunk is its
number and whether it is the last, so chunks cannot be swapped, left out or cut off at the end.
Layout: magic ‖ salt ‖ chunks of (ciphertext ‖ tag); the file's own key is HMAC-SHA256 of the salt
under the caller's key.
"""

from __future__ import annotations

import hmac
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto import SealBroken

CHUNK = 1 << 16  # bytes of plaintext
_MAGIC = b"VSSEAL01"
_SALT = 16
_TAG = 16
_HEAD = len(_MAGIC) + _SALT


def write_sealed(out: BinaryIO, key: bytes, pieces: Iterable[bytes]) -> int:
    """Write `pieces` sealed under `key`; returns how many bytes of plaintext they were."""
    salt = os.urandom(_SALT)
    encrypt = AESGCM(_file_key(key, salt)).encrypt
    out.write(_MAGIC + salt)
    size = number = 0
    held: bytes | None = None  # the last chunk is known as such only when no other follows
    for chunk in _regrouped(pieces):
        if held is not None:
            out.write(encrypt(_nonce(number, last=False), held, _MAGIC))
            number += 1
        held = chunk
        size += len(chunk)
    out.write(encrypt(_nonce(number, last=True), held or b"", _MAGIC))
    return size


@dataclass(frozen=True, slots=True)
class SealedPath:
    """A sealed file that is read like a plain one: what `Path` offers of `open`, `name`."""

    path: Path
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """The plaintext, seekable. Raises SealBroken, at once or when the place is read, for a
        wrong key and for any changed, missing or foreign byte."""
        if mode != "rb":
            raise ValueError("a sealed file is opened for reading")
        return io.BufferedReader(_Sealed(self.path.open("rb"), self.key), CHUNK)

    def size(self) -> int:
        """Bytes of plaintext."""
        with self.open() as plain:
            return plain.seek(0, io.SEEK_END)


class _Sealed(io.RawIOBase):
    """One chunk in memory at a time."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._source = source
        head = source.read(_HEAD)
        if len(head) != _HEAD or not head.startswith(_MAGIC):
            source.close()
            raise SealBroken("this is no sealed file")
        self._cipher = AESGCM(_file_key(key, head[len(_MAGIC) :]))
        body = source.seek(0, io.SEEK_END) - _HEAD
        self._last = max(-(-body // (CHUNK + _TAG)) - 1, 0)
        self._size = body - _TAG * (self._last + 1)
        self._at = 0
        self._number, self._chunk = -1, b""
        self._load(self._last)  # a file cut short at a chunk's end is noticed here

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, CHUNK)
        self._load(number)
        part = self._chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._source.seek(_HEAD + number * (CHUNK + _TAG))
        sealed = self._source.read(CHUNK + _TAG)
        try:
            nonce = _nonce(number, last=number == self._last)
            self._chunk = self._cipher.decrypt(nonce, sealed, _MAGIC)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"chunk {number} of a sealed file does not open") from error
        self._number = number


def _file_key(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, b"sealed file" + salt, "sha256")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _regrouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of CHUNK, the last one shorter."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) >= CHUNK:
            yield bytes(rest[:CHUNK])
            del rest[:CHUNK]
    if rest:
        yield bytes(rest)
