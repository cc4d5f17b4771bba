"""Writing a BagIt bag (RFC 8493) file by file, hashing on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from audit.export import verifier


class Sink(Protocol):
    """Where a file's bytes go."""

    def write(self, data: bytes, /) -> object: ...


class _Hashed:
    """A file that is hashed and counted as it is written."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> None:
        self._handle.write(data)
        self.digest.update(data)
        self.size += len(data)


class Bag:
    """A bag under construction in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._hashes: dict[str, str] = {}
        self._octets = 0

    @contextmanager
    def open(self, path: str) -> Iterator[Sink]:
        """A new payload file at `path` (below `data/`)."""
        with self._hashing(path) as sink:
            yield sink
        self._octets += sink.size

    def add(self, path: str, data: bytes) -> None:
        """A payload file with these bytes."""
        with self.open(path) as sink:
            sink.write(data)

    def adopt(self, files: Mapping[str, tuple[str, int]]) -> None:
        """Payload files that are there already: their SHA-256 and octets."""
        for path, (digest, octets) in files.items():
            self._hashes[path] = digest
            self._octets += octets

    def close(
        self, info: Mapping[str, str], *, now: dt.datetime, sign: Callable[[str], str]
    ) -> str:
        """Write the tag files; returns the SHA-256 of the payload manifest, which stands for
        every byte of the payload. `sign` makes the signed note of that hash (`signature.txt`)."""
        payload = dict(self._hashes)
        self._hashes = {}
        labels = {
            **info,
            "Bagging-Date": f"{now:%Y-%m-%d}",
            "Payload-Oxum": f"{self._octets}.{len(payload)}",
        }
        tags = {
            "bag-info.txt": "".join(f"{name}: {text}\n" for name, text in labels.items()),
            "bagit.txt": verifier.BAGIT.decode(),
            "manifest-sha256.txt": (listed := _manifest(payload)),
            "signature.txt": sign(hashlib.sha256(listed.encode()).hexdigest()),
        }
        for path, text in tags.items():
            with self._hashing(path) as sink:
                sink.write(text.encode())
        digest = self._hashes["manifest-sha256.txt"]
        with self._hashing("tagmanifest-sha256.txt") as sink:
            sink.write(_manifest({path: self._hashes[path] for path in tags}).encode())
        return digest

    @contextmanager
    def _hashing(self, path: str) -> Iterator[_Hashed]:
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as handle:
            hashed = _Hashed(cast(BinaryIO, handle))
            yield hashed
        self._hashes[path] = hashed.digest.hexdigest()


def _manifest(hashes: Mapping[str, str]) -> str:
    ordered = sorted(hashes, key=str.encode)
    return "".join(f"{hashes[path]}  {path}\n" for path in ordered)
