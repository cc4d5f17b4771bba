"""Reading and checking a proof file (C2SP tlog-proof). Pure functions."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.merkle import HASH_SIZE, ProofError, leaf_hash, verify_inclusion
from audit.note import Checkpoint, NoteError, VerifierKey, parse_note, verify_note

HEAD: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})")
_MAX_PATH: Final = 63


class ProofRefused(ValueError):
    """A proof file is malformed, or does not prove what it should."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof file: leaf `index` is in the tree of the checkpoint `note`. `extra` is whatever
    the maker added, and proves nothing."""

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {b64encode(self.extra).decode()}\n" if self.extra else ""
        hashes = "".join(f"{b64encode(node).decode()}\n" for node in self.path)
        return f"{HEAD}\n{extra}index {self.index}\n{hashes}\n{self.note.decode()}"

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """Read a proof file; ProofRefused names the line that is wrong."""
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise ProofRefused(f"not UTF-8 at byte {error.start}") from None
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if lines[0] != HEAD:
            raise ProofRefused(f"line 1 is not {HEAD}")
        if not blank:
            raise ProofRefused("no empty line separates the proof from the checkpoint")
        has_extra = len(lines) > 1 and lines[1].startswith("extra ")
        extra = _base64(lines.pop(1).removeprefix("extra "), 2) if has_extra else b""
        match = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
        if match is None:
            raise ProofRefused(f"line {2 + has_extra} is not “index” and a number")
        first = 3 + has_extra
        path = tuple(_hash(line, number) for number, line in enumerate(lines[2:], first))
        if len(path) > _MAX_PATH:
            raise ProofRefused(f"a proof has at most {_MAX_PATH} hashes, not {len(path)}")
        return cls(int(match[1]), path, note.encode(), extra)


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof file proves: which checkpoint, and which witnesses cosigned it when (seconds
    since 1970)."""

    index: int
    checkpoint: Checkpoint
    cosigned_at: dict[str, int]


def check_proof(
    proof: TlogProof,
    entry: bytes,
    *,
    logs: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
    quorum: int = 0,
) -> Proved:
    """Check that `entry` is the leaf that `proof` is about, in a tree that a trusted log signed
    and at least `quorum` of the trusted witnesses cosigned. Raises ProofRefused otherwise."""
    try:
        note = parse_note(proof.note)
        checkpoint = Checkpoint.parse(note.text)
        own = [key for key in logs if key.name == checkpoint.origin]
        if not own:
            raise NoteError(f"it is of the log {checkpoint.origin}, which is not trusted")
        verify_note(note, own)
        verified = verify_note(note, [*own, *witnesses])
        verify_inclusion(
            leaf_hash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root
        )
    except (NoteError, ProofError) as error:
        raise ProofRefused(str(error)) from None
    at = {each.key.name: each.timestamp for each in verified if each.timestamp is not None}
    if len(at) < quorum:
        raise ProofRefused(f"{len(at)} trusted witnesses cosigned it; {quorum} are asked for")
    return Proved(proof.index, checkpoint, at)


def _base64(text: str, line: int) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise ProofRefused(f"line {line} is not base64") from None
    if b64encode(data).decode() != text:
        raise ProofRefused(f"line {line} is not base64 in its one canonical spelling")
    return data


def _hash(text: str, line: int) -> bytes:
    data = _base64(text, line)
    if len(data) != HASH_SIZE:
        raise ProofRefused(f"line {line} is not a hash of {HASH_SIZE} bytes")
    return data
