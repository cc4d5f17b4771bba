"""The files of a bag that grow with its records, kept in parts that outlive the process.

A part is kept by writing its bytes to disk (fsync) first, and then a row that says how long each
file is and what it hashes to. Whoever goes on reads the files again from their beginning: they
count as far as their bytes are those that the rows tell; what lies behind is cut off.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import BinaryIO

from audit.export import rules
from audit.export.models import ExportBuild, ExportPart
from audit.export.summary import Summary
from core import clock

logger = logging.getLogger(__name__)

RECORDS, TABLE, PROOFS = "data/records.jsonl", "data/records.csv", "data/proofs/inclusion.jsonl"
FILES = (RECORDS, TABLE, PROOFS)
_PIECE = 1 << 20


class Growing:
    """A file that is hashed as it grows, from bytes that are already there."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._handle: BinaryIO = path.open("r+b")
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> None:
        """Append."""
        self._handle.write(data)
        self.digest.update(data)
        self.size += len(data)

    def start(self, data: bytes) -> None:
        """Write the first bytes; nothing when they are there already."""
        if not self.size:
            self.write(data)

    def read_on(self, end: int) -> str:
        """Take the bytes up to `end` as they are; returns the hash of all so far."""
        while self.size < end and (piece := self._handle.read(min(_PIECE, end - self.size))):
            self.digest.update(piece)
            self.size += len(piece)
        return self.digest.hexdigest()

    def go_back(self, end: int) -> None:
        """Cut off what lies behind `end`, and take what remains as it is."""
        self._handle.truncate(end)
        self._handle.seek(0)
        self.digest, self.size = hashlib.sha256(), 0
        self.read_on(end)

    def sync(self) -> None:
        """Have the bytes on disk."""
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def close(self) -> None:
        """Nothing more is written."""
        self._handle.close()


class Parts:
    """The growing files of the bag in `directory`, as far as the parts of `build` are whole."""

    def __init__(self, build: ExportBuild, directory: Path) -> None:
        self._build = build
        self._files = {name: Growing(directory / name) for name in FILES}
        self.number, self.cursor, self.whole = 0, 0, False
        self.summary = Summary()
        self._kept = 0
        self._take_up()
        sync_directories(directory)

    def __getitem__(self, name: str) -> Growing:
        return self._files[name]

    def _take_up(self) -> None:
        last: ExportPart | None = None
        for part in self._build.parts.order_by("number"):
            read = {name: file.read_on(part.ends[name]) for name, file in self._files.items()}
            if read != part.hashes:
                logger.warning("%s of %s is not as it was kept", part, self._build)
                break
            last = part
        for name, file in self._files.items():
            file.go_back(last.ends[name] if last else 0)
        self._build.parts.filter(number__gt=last.number if last else 0).delete()
        if last:
            self.number, self.cursor, self.whole = last.number, last.cursor, last.whole
            self.summary = Summary.load(last.summary)
            self._kept = last.records

    def keep_when_due(self, cursor: int) -> None:
        """Keep a part when enough was written; `cursor` is the next leaf to write."""
        if self.summary.records - self._kept >= rules.PART:
            self.keep(cursor)

    def keep(self, cursor: int, *, whole: bool = False) -> None:
        """Keep everything so far as one more part."""
        for file in self._files.values():
            file.sync()
        self.number, self.cursor, self.whole = self.number + 1, cursor, whole
        self._kept = self.summary.records
        ExportPart.objects.create(
            build=self._build,
            number=self.number,
            records=self._kept,
            cursor=cursor,
            whole=whole,
            ends={name: file.size for name, file in self._files.items()},
            hashes={name: file.digest.hexdigest() for name, file in self._files.items()},
            summary=self.summary.dump(),
            kept_at=clock.now(),
        )

    def close(self) -> dict[str, tuple[str, int]]:
        """Close the files; (SHA-256, octets) of each."""
        for file in self._files.values():
            file.close()
        return {name: (file.digest.hexdigest(), file.size) for name, file in self._files.items()}


def sync_directories(directory: Path) -> None:
    """Have the names of the growing files on disk too."""
    for place in (directory.parent, directory, directory / "data", directory / "data/proofs"):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
