"""Asking a witness over HTTP (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

import httpx

from audit.note import Note, NoteError, Signature, VerifierKey, parse_signatures
from audit.witness.protocol import SIZE_TYPE, RequestError, read_size

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_MAX_ANSWER = 64 * 1024


class WitnessUnavailable(Exception):
    """No answer, or one that says nothing about the log: ask again later."""


class WitnessRefused(Exception):
    """The witness says that the checkpoint does not continue what it has seen."""


class OtherSize(Exception):
    """The witness has seen another size than the proof starts from; `size` is its own."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness remembers {size} leaves")
        self.size = size


def ask(url: str, key: VerifierKey, body: bytes, note: Note) -> tuple[Signature, int]:
    """Submit a request; returns the witness's verified cosignature and its time (1970 seconds).

    Raises OtherSize, WitnessRefused (409 about the root, 422), or WitnessUnavailable for
    everything else, a forged cosignature included.
    """
    answer = _post(f"{url}/add-checkpoint", body)
    if answer.status_code == 200:
        return _cosignature(answer.content, key, note)
    if answer.status_code == 409 and answer.headers.get("Content-Type", "") == SIZE_TYPE:
        try:
            raise OtherSize(read_size(answer.content))
        except RequestError as error:
            raise WitnessUnavailable(str(error)) from None
    why = f"HTTP {answer.status_code}: {answer.text[:300].strip()}"
    if answer.status_code in {409, 422}:
        raise WitnessRefused(why)
    raise WitnessUnavailable(why)


def _post(address: str, body: bytes) -> httpx.Response:
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False) as client,
            client.stream("POST", address, content=body) as answer,
        ):
            data = b""
            for block in answer.iter_bytes():
                data += block
                if len(data) > _MAX_ANSWER:
                    raise WitnessUnavailable(f"an answer of more than {_MAX_ANSWER} bytes")
    except httpx.HTTPError as error:
        raise WitnessUnavailable(f"{type(error).__name__}: {error}".rstrip(": ")) from None
    except httpx.InvalidURL as error:
        raise WitnessUnavailable(f"not an address: {error}") from None
    return httpx.Response(answer.status_code, headers=_type_of(answer), content=data)


def _type_of(answer: httpx.Response) -> dict[str, str]:
    return {"Content-Type": answer.headers.get("Content-Type", "")}


def _cosignature(data: bytes, key: VerifierKey, note: Note) -> tuple[Signature, int]:
    try:
        mine = [each for each in parse_signatures(data) if key.made(each)]
        if not mine:
            raise NoteError(f"the answer holds no cosignature by {key.name}")
        timestamp = key.verify(note.text, mine[0])
    except NoteError as error:
        raise WitnessUnavailable(str(error)) from None
    assert timestamp is not None  # a witness's key is of type cosignature
    return mine[0], timestamp
