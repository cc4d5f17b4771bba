"""What a witness remembers: one file for each log, replaced whole, on disk before it answers.

DIR/key            the witness's Ed25519 seed (base64, mode 0600)
DIR/lock           held while a witness runs: two with one memory could cosign a fork
DIR/logs/<id>      the newest checkpoint it cosigned for a log, with its own cosignature;
                   <id> is the SHA-256 of the log's origin
DIR/evidence/…     checkpoints that a log signed and that contradict what it signed before
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import Cosigner, Note, NoteError, parse_note

_SEED: Final = 32
_MOST_EVIDENCE: Final = 1000


class MemoryUnusable(RuntimeError):
    """The witness's directory cannot be used: damaged, locked, or partly gone."""


class Memory:
    """The directory of one witness. Use it as a context manager: it holds the lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._handle: IO[str] | None = None

    def __enter__(self) -> Memory:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handle = (self.directory / "lock").open("a")
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._handle.close()
            raise MemoryUnusable(f"another witness uses {self.directory}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.close()

    def cosigner(self, name: str) -> Cosigner:
        """The witness's key under `name`; made at first use.

        Raises MemoryUnusable when a key is there but the memory that belongs to it is not: a
        witness that forgot would cosign a fork.
        """
        path, logs = self.directory / "key", self.directory / "logs"
        if not path.exists():
            logs.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, b64encode(os.urandom(_SEED)) + b"\n", mode=0o600)
        elif not logs.is_dir():
            raise MemoryUnusable(
                f"{logs} is gone, though the witness's key is there: bring the directory back, "
                "or start a new witness with a new key"
            )
        try:
            seed = b64decode(path.read_bytes(), validate=False)
            return Cosigner(name, Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError:
            raise MemoryUnusable(f"{path} does not hold a key of {_SEED} bytes") from None

    def latest(self, origin: str) -> Note | None:
        """The newest note cosigned for a log; None when it never was.

        Raises MemoryUnusable when the file is damaged: nothing is assumed in its place.
        """
        path = self._path(origin)
        try:
            return parse_note(path.read_bytes())
        except FileNotFoundError:
            return None
        except NoteError as error:
            raise MemoryUnusable(f"{path}: {error}") from None

    def remember(self, origin: str, note: Note) -> None:
        """Replace what is remembered of a log, atomically and durably."""
        _write(self._path(origin), bytes(note), mode=0o600)

    def keep_evidence(self, origin: str, note: Note, request: bytes) -> Path | None:
        """Keep a signed request that does not continue the log's past. Each tree head is kept
        once, so that only the log's own key can make more of them; returns None at the limit."""
        folder = self.directory / "evidence"
        folder.mkdir(exist_ok=True, mode=0o700)
        path = folder / f"{_name(origin)[:16]}-{_name(note.text)[:32]}"
        if path.exists():
            return path
        if sum(1 for _ in folder.iterdir()) >= _MOST_EVIDENCE:
            return None
        _write(path, request, mode=0o600)
        return path

    def _path(self, origin: str) -> Path:
        return self.directory / "logs" / _name(origin)


def _name(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _write(path: Path, data: bytes, *, mode: int) -> None:
    """Replace a file: its bytes first, then its name, both on disk before this returns."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    Path(out.name).chmod(mode)
    Path(out.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
