"""What a witness decides (C2SP tlog-witness, add-checkpoint). No HTTP, no clock, no Django."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from audit.merkle import ProofError, verify_consistency
from audit.note import (
    Checkpoint,
    Cosigner,
    Note,
    NoteError,
    SignatureType,
    VerifierKey,
    parse_note,
    verify_note,
)
from audit.witness.memory import Memory
from audit.witness.protocol import SIZE_TYPE, AddCheckpoint, RequestError, read_request

PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `origin` and `size` say what it was about, for the witness's own log."""

    status: int
    body: bytes
    type: str = PLAIN
    origin: str = ""
    size: int | None = None


class Witness:
    """Cosigns a checkpoint when, and only when, it continues the last one it cosigned.

    `logs` are the keys of the logs it serves, several for one origin while a key is rotated.
    """

    def __init__(self, cosigner: Cosigner, memory: Memory, logs: Iterable[VerifierKey]) -> None:
        self.cosigner = cosigner
        self.memory = memory
        self.logs: dict[str, list[VerifierKey]] = {}
        self._one_at_a_time = threading.Lock()
        for key in logs:
            if key.type is not SignatureType.ED25519:
                raise NoteError(f"{key.name} is a witness's key, not a log's")
            self.logs.setdefault(key.name, []).append(key)

    def add_checkpoint(self, body: bytes, *, now: int) -> Answer:
        """Answer one request at `now` (seconds since 1970)."""
        try:
            request = read_request(body)
            note = parse_note(request.note)
            checkpoint = Checkpoint.parse(note.text)
        except (RequestError, NoteError) as error:
            return _refusal(400, str(error))
        keys = self.logs.get(checkpoint.origin)
        if keys is None:
            return _refusal(404, f"no log {checkpoint.origin!r} is known here")
        try:
            verify_note(note, keys)
        except NoteError as error:
            return _refusal(403, str(error), checkpoint)
        if request.old_size > checkpoint.size:
            return _refusal(400, "the old size is beyond the checkpoint", checkpoint)
        with self._one_at_a_time:
            return self._continue(request, checkpoint, note, now=now, body=body)

    def _continue(
        self, request: AddCheckpoint, new: Checkpoint, note: Note, *, now: int, body: bytes
    ) -> Answer:
        keys, last = self.logs[new.origin], self._last(new.origin)
        size = last.size if last else 0
        if request.old_size != size:
            return Answer(409, b"%d\n" % size, SIZE_TYPE, new.origin, new.size)
        try:
            _prove(last, new, request.proof)
        except ProofError as error:
            same = last is not None and last.size == new.size and last.root != new.root
            self.memory.keep_evidence(new.origin, note, body)
            return _refusal(409 if same else 422, str(error), new)
        cosignature = self.cosigner.cosign(new, now)
        signed = [each for each in note.signatures if any(key.made(each) for key in keys)]
        self.memory.remember(new.origin, Note(note.text, (*signed, cosignature)))
        return Answer(200, cosignature.line.encode(), PLAIN, new.origin, new.size)

    def _last(self, origin: str) -> Checkpoint | None:
        note = self.memory.latest(origin)
        if note is None:
            return None
        verify_note(note, [self.cosigner.verifier])  # never trust a file that we did not write
        return Checkpoint.parse(note.text)


def _prove(last: Checkpoint | None, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
    """Raise ProofError unless `new` continues `last`; nothing at all is continued by anything."""
    if last is None or last.size == 0:
        if proof:
            raise ProofError("a proof from size 0 is empty")
        return
    verify_consistency(last.size, new.size, last.root, new.root, proof)


def _refusal(status: int, why: str, checkpoint: Checkpoint | None = None) -> Answer:
    return Answer(
        status,
        f"{why}\n".encode(),
        origin=checkpoint.origin if checkpoint else "",
        size=checkpoint.size if checkpoint else None,
    )
