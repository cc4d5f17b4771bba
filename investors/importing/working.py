"""The part of an import that is all computing: reading rows, bringing them into normal form,
sealing and encoding them. Done here, or by a helper process on another core."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any, NamedTuple, Protocol

from django.utils.translation import gettext_lazy as _

from core import crypto
from core.errors import VouchsafeError
from investors.importing import reading
from investors.importing.columns import Mapping
from investors.importing.encoding import Encoded, Encoder, New, Origin
from investors.importing.reading import FileFacts
from investors.importing.rows import Rejected, Row, interpreter
from investors.vault import fingerprints, ref_hash

HASH = 32  # bytes of a customer number's blind index
MARK = 16  # bytes of a fingerprint
_FEWER = 10_000  # rows that are done before a helper would have started
_PATIENCE = 10.0  # seconds for a helper to end by itself


class Job(NamedTuple):
    """Everything that a worker needs to know."""

    facts: FileFacts
    use: Mapping
    origin: Origin
    chunk: int


class Parsed(NamedTuple):
    """One chunk of the file. Accepted rows are told by number, 0 to len(lines) - 1: the line of
    each, and the hashes of all one after another. `read` counts rejected rows too."""

    read: int
    lines: list[int]
    refs: bytes
    marks: bytes
    rejected: list[Rejected]


class Wanted(NamedTuple):
    """Rows of a chunk that the database knows, or that repeat others: with their cells."""

    row: Row
    cells: list[str]


def split(data: bytes, size: int) -> list[bytes]:
    """The pieces of `size` bytes that `data` is made of."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def put(pipe: IO[bytes], message: object) -> None:
    """Write one message for the process at the other end."""
    pickle.dump(message, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


class Worker(Protocol):
    """Answers come in the order of the questions."""

    def ask_next(self) -> None:
        """Ask for the next chunk."""

    def take_next(self) -> Parsed | None:
        """The chunk asked for; None at the end of the file."""

    def ask_encoded(self, new: Sequence[int], wanted: Sequence[int]) -> None:
        """Ask for the oldest chunk that was taken: some of its rows encoded, others as read."""

    def take_encoded(self) -> tuple[Encoded, dict[int, Wanted]]:
        """What was asked for."""


class Computing:
    """The work itself."""

    def __init__(self, job: Job) -> None:
        self._source = reading.read_rows(job.facts)
        self._interpret = interpreter(job.facts.headers, job.use)
        self._signature = ",".join(job.use.columns)
        self._fingerprint = fingerprints()
        self._encoder = Encoder(job.origin)
        self._chunk = job.chunk
        self._read: list[list[tuple[New, list[str]]]] = []

    def parse(self) -> Parsed | None:
        """The next chunk of the file; its rows are kept for `encode`."""
        rows = list(islice(self._source, self._chunk))
        if not rows:
            return None
        kept: list[tuple[New, list[str]]] = []
        rejected = []
        interpret, fingerprint, signature = self._interpret, self._fingerprint, self._signature
        for raw in rows:
            row = interpret(raw)
            if isinstance(row, Rejected):
                rejected.append(row)
            else:
                mark = fingerprint(signature + row.content)
                kept.append((New(row, ref_hash(row.ref), mark), raw.cells))
        self._read.append(kept)
        return Parsed(
            len(rows),
            [new.row.line for new, _cells in kept],
            b"".join([new.ref_hash for new, _cells in kept]),
            b"".join([new.fingerprint for new, _cells in kept]),
            rejected,
        )

    def encode(
        self, new: Sequence[int], wanted: Sequence[int]
    ) -> tuple[Encoded, dict[int, Wanted]]:
        """The oldest chunk that `parse` gave and that was not encoded yet."""
        kept = self._read.pop(0)
        encoded = self._encoder.encode([kept[at][0] for at in new])
        return encoded, {at: Wanted(kept[at][0].row, kept[at][1]) for at in wanted}


class Here:
    """Works in this process, when it is asked for the answer."""

    def __init__(self, job: Job) -> None:
        self._work = Computing(job)
        self._asked: list[tuple[Sequence[int], Sequence[int]]] = []

    def ask_next(self) -> None:
        """Nothing to do ahead of time."""

    def take_next(self) -> Parsed | None:
        return self._work.parse()

    def ask_encoded(self, new: Sequence[int], wanted: Sequence[int]) -> None:
        self._asked.append((new, wanted))

    def take_encoded(self) -> tuple[Encoded, dict[int, Wanted]]:
        return self._work.encode(*self._asked.pop(0))


class Helper:
    """Works in a child process: questions go to its standard input, answers come from its
    standard output. The keys go the same way; nothing is on the command line or on disk. It has
    no connection to the database, and ends with its input, whatever becomes of us."""

    def __init__(self, job: Job) -> None:
        command = [sys.executable, "-m", "investors.importing.helper"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._send((job, crypto.keys_to_install()))

    def ask_next(self) -> None:
        self._send(("parse",))

    def take_next(self) -> Parsed | None:
        parsed: Parsed | None = self._receive()
        return parsed

    def ask_encoded(self, new: Sequence[int], wanted: Sequence[int]) -> None:
        self._send(("encode", new, wanted))

    def take_encoded(self) -> tuple[Encoded, dict[int, Wanted]]:
        found: tuple[Encoded, dict[int, Wanted]] = self._receive()
        return found

    def close(self) -> None:
        """End the child and wait for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, question: tuple[Any, ...]) -> None:
        assert self._process.stdin is not None
        try:
            put(self._process.stdin, question)
        except OSError as error:
            raise self._gone() from error

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        try:
            ok, answer = pickle.load(self._process.stdout)  # noqa: S301  our own child
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._gone() from error
        if not ok:
            raise answer
        return answer

    def _gone(self) -> VouchsafeError:
        return VouchsafeError(
            _("A process of the import ended (%(code)s). Import the file again: it goes on.")
            % {"code": self._process.poll()},
            code="helper_gone",
        )


@contextlib.contextmanager
def worker(job: Job) -> Iterator[Worker]:
    """A helper process for a long file on a machine with several cores, otherwise this one."""
    if job.facts.rows < _FEWER or (os.cpu_count() or 1) < 2:
        yield Here(job)
        return
    try:
        helper = Helper(job)
    except OSError:  # no more processes to be had
        yield Here(job)
        return
    try:
        yield helper
    finally:
        helper.close()
