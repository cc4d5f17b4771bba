"""The statement of a change of the log's key, and the keys that it leads to. Pure.

A statement is a signed note (C2SP signed-note) with two signatures. The old key's says who comes
after it, for whoever holds the old verifier key; the new key's says who came before it, for us,
who hold the new private key and believe nothing else. Its first line is no log's origin, so it
can never be taken for a checkpoint.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from audit.merkle import HASH_SIZE
from audit.note import Checkpoint as Head
from audit.note import (
    Note,
    NoteError,
    OpenedCheckpoint,
    Signer,
    VerifierKey,
    open_checkpoint,
    parse_note,
    verify_note,
)

HEADER = "vouchsafe/key-rotation/v1"
_LINES = 7


@dataclass(frozen=True)
class Statement:
    """The old key signed up to `size` leaves, whose root is `root`; the new one goes on."""

    old: VerifierKey
    new: VerifierKey
    size: int
    root: bytes
    at: dt.datetime
    reason: str

    @property
    def text(self) -> str:
        """The note text, seven lines: header, old, new, size, root, time, reason."""
        lines = [
            HEADER,
            str(self.old),
            str(self.new),
            str(self.size),
            b64encode(self.root).decode(),
            self.at.astimezone(dt.UTC).isoformat(),
            self.reason,
        ]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Statement:
        """Read what `text` writes; NoteError unless it is spelt exactly so."""
        lines = text.split("\n")
        if len(lines) != _LINES + 1 or lines[0] != HEADER:
            raise NoteError("not a statement of a change of keys")
        try:
            size, root = int(lines[3]), b64decode(lines[4], validate=True)
            at = dt.datetime.fromisoformat(lines[5])
        except ValueError as error:
            raise NoteError(f"a malformed statement of a change of keys: {error}") from None
        made = cls(
            VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]), size, root, at, lines[6]
        )
        if made.old.name != made.new.name or len(root) != HASH_SIZE or made.text != text:
            raise NoteError("a malformed statement of a change of keys")
        return made


def sign_statement(statement: Statement, old: Signer, new: Signer) -> Note:
    """The statement signed by both keys; NoteError when they are not the ones it names."""
    if (old.verifier, new.verifier) != (statement.old, statement.new):
        raise NoteError("the statement names other keys than those that sign it")
    return Note(statement.text, (old.sign(statement.text), new.sign(statement.text)))


def open_statement(data: bytes, new: VerifierKey) -> Statement:
    """Read a statement and believe it only if it ends in `new` and both keys signed it."""
    note = parse_note(data)
    statement = Statement.parse(note.text)
    if statement.new != new:
        raise NoteError(f"it ends in the key {statement.new.key_id.hex()}, not {new.key_id.hex()}")
    keys = {statement.old, statement.new}
    if {each.key for each in verify_note(note, keys)} != keys:
        raise NoteError("it is not signed by both keys")
    return statement


@dataclass(frozen=True, slots=True)
class Period:
    """A key, and the sizes of the checkpoints that it signs: after < size <= until."""

    key: VerifierKey
    after: int
    until: int | None
    since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The log's keys, newest first, as far back as believed statements lead.

    `statements` are the believed ones, by size; `broken` is the size and the fault of the one
    that is not, at which the chain ends: no key is known for what was signed before.
    """

    periods: tuple[Period, ...]
    statements: tuple[Statement, ...]
    broken: tuple[int, str] | None

    @property
    def current(self) -> VerifierKey:
        """The key that signs now."""
        return self.periods[0].key

    def key_for(self, size: int) -> VerifierKey:
        """The key that signed the checkpoint of `size` leaves; NoteError when none is known."""
        for period in self.periods:
            if period.after < size:
                return period.key
        raise NoteError(f"no key is known that signed checkpoints of {size} leaves")

    def open(self, data: bytes) -> OpenedCheckpoint:
        """`note.open_checkpoint` under the key that was in force at the checkpoint's size."""
        head = Head.parse(parse_note(data).text)
        return open_checkpoint(data, self.key_for(head.size))


def keyring(current: VerifierKey, statements: Iterable[tuple[int, bytes]]) -> Keyring:
    """Follow the statements (size and note, newest first) back from the key that we hold."""
    periods: list[Period] = []
    believed: list[Statement] = []
    key, until = current, None
    for size, data in statements:
        try:
            statement = open_statement(data, key)
            if statement.size != size or (until is not None and size >= until):
                raise NoteError(f"it is of {statement.size} leaves, out of place")
        except NoteError as error:
            periods.append(Period(key, size, until, None))
            return Keyring(tuple(periods), tuple(believed[::-1]), (size, str(error)))
        periods.append(Period(key, size, until, statement.at))
        believed.append(statement)
        key, until = statement.old, size
    periods.append(Period(key, -1, until, None))
    return Keyring(tuple(periods), tuple(believed[::-1]), None)
