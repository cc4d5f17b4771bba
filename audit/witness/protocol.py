"""The body of `add-checkpoint` (C2SP tlog-witness), written by a log and read by a witness.

Pure functions. What is accepted is byte for byte what would be written.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.merkle import HASH_SIZE
from audit.note import MAX_TREE_SIZE

MAX_PROOF: Final = 63
MAX_BODY: Final = 128 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"

_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class RequestError(ValueError):
    """The body of a request or of an answer is malformed."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size that the log believes the witness has seen, the proof that leads from
    there to the new checkpoint, and the checkpoint as a signed note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


def write_request(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of a request; ValueError for a proof of more than 63 hashes."""
    if len(proof) > MAX_PROOF:
        raise ValueError(f"a consistency proof has at most {MAX_PROOF} hashes, not {len(proof)}")
    lines = [b"old %d\n" % old_size, *(b64encode(each) + b"\n" for each in proof), b"\n"]
    return b"".join(lines) + note


def read_request(body: bytes) -> AddCheckpoint:
    """The request in `body`; RequestError names the line that is wrong."""
    if len(body) > MAX_BODY:
        raise RequestError(f"the body has more than {MAX_BODY} bytes")
    head, blank, note = body.partition(b"\n\n")
    if not blank or not note:
        raise RequestError("no empty line separates the proof from the checkpoint")
    first, *rest = head.split(b"\n")
    match = _OLD.fullmatch(first)
    if match is None or int(match[1]) > MAX_TREE_SIZE:
        raise RequestError("line 1 is not “old”, a space and a size")
    if len(rest) > MAX_PROOF:
        raise RequestError(f"the proof has {len(rest)} lines; {MAX_PROOF} are allowed")
    proof = tuple(_hash(line, number) for number, line in enumerate(rest, 2))
    return AddCheckpoint(int(match[1]), proof, note)


def read_size(body: bytes) -> int:
    """The size in a 409 answer; RequestError when it is none."""
    match = _SIZE.fullmatch(body)
    if match is None or int(match[1]) > MAX_TREE_SIZE:
        raise RequestError("the witness's conflict does not name a size")
    return int(match[1])


def _hash(line: bytes, number: int) -> bytes:
    try:
        data = b64decode(line, validate=True)
    except ValueError:
        raise RequestError(f"line {number} is not base64") from None
    if len(data) != HASH_SIZE or b64encode(data) != line:
        raise RequestError(f"line {number} is not a hash of {HASH_SIZE} bytes in base64")
    return data
