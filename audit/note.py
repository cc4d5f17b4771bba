"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

Pure functions over bytes already in hand. Parsing is strict: a note that is accepted is byte for
byte the note that would be written.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.merkle import EMPTY_ROOT, HASH_SIZE

MAX_NOTE_SIZE: Final = 1_000_000
MAX_SIGNATURES: Final = 100
MAX_TIMESTAMP: Final = 2**63 - 1
MAX_TREE_SIZE: Final = 2**63 - 1

_KEY_SIZE = 32
_KEY_ID_SIZE = 4
_SIGNATURE_SIZE = 64
_TIMESTAMP_SIZE = 8
_SIGNATURE_PREFIX = "— "
_CONTROL = re.compile("[\0-\x09\x0b-\x1f]")
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")
_KEY_ID = re.compile("[0-9a-f]{8}")


class NoteError(ValueError):
    """A note, key, checkpoint or cosignature is malformed, or no trusted key vouches for it."""


class SignatureType(IntEnum):
    """What a key's signatures mean; part of the key's identity (signed-note, signature types)."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


# --- keys -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class VerifierKey:
    """A public key that is trusted under a name, for one type of signature (signed-note)."""

    name: str
    public_key: bytes
    type: SignatureType = SignatureType.ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != _KEY_SIZE:
            raise NoteError(f"an Ed25519 key has {_KEY_SIZE} bytes, not {len(self.public_key)}")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4], as signature lines carry it."""
        material = bytes([self.type]) + self.public_key
        return sha256(self.name.encode() + b"\n" + material).digest()[:_KEY_ID_SIZE]

    def __str__(self) -> str:
        """The published form, `name+hex(key ID)+base64(type ‖ public key)`."""
        material = bytes([self.type]) + self.public_key
        return f"{self.name}+{self.key_id.hex()}+{b64encode(material).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the form that `str(key)` writes; NoteError when malformed or with another ID."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise NoteError("a verifier key has the form name+keyid+base64")
        material = _decode_base64(parts[2], "the verifier key")
        if material[:1] not in (b"\x01", b"\x04"):
            raise NoteError(f"signature type 0x{material[:1].hex() or '??'} is not supported")
        key = cls(parts[0], material[1:], SignatureType(material[0]))
        if key.key_id.hex() != parts[1]:
            raise NoteError(f"the key ID of {key.name} is {key.key_id.hex()}, not {parts[1]}")
        return key

    def verify(self, text: str, signature: Signature) -> int | None:
        """Check this key's `signature` on a note's `text`; NoteError unless it is genuine.

        Returns the time of a cosignature (seconds since 1970), None for a plain signature.
        """
        if not self.made(signature):
            raise NoteError(f"the signature by {signature.name} is not by the key {self.name}")
        timestamp: int | None = None
        message, value = text.encode(), signature.value
        if self.type is SignatureType.COSIGNATURE:
            timestamp = int.from_bytes(value[:_TIMESTAMP_SIZE], "big")
            message, value = _cosigned_message(text, timestamp), value[_TIMESTAMP_SIZE:]
        try:
            if len(value) != _SIGNATURE_SIZE:
                raise InvalidSignature
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(value, message)
        except InvalidSignature:
            raise NoteError(f"the signature by {self.name} is not genuine") from None
        return timestamp

    def made(self, signature: Signature) -> bool:
        """True when the signature claims to be by this key: same name and same key ID."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)


@dataclass(frozen=True)
class Signer:
    """A named private key that signs note texts as the log does (signed-note, type 0x01)."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public key to hand out."""
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Sign a note's text; NoteError when the text could not be carried by a note."""
        _check_text(text)
        key_id = self.verifier.key_id
        return Signature(self.name, key_id, self.private_key.sign(text.encode()))


@dataclass(frozen=True)
class Cosigner:
    """A named private key that cosigns checkpoints as a witness does (tlog-cosignature, 0x04).

    Its key must serve nothing else: the signed message does not name the cosigner.
    """

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public key to hand out."""
        public_key = self.private_key.public_key().public_bytes_raw()
        return VerifierKey(self.name, public_key, SignatureType.COSIGNATURE)

    def cosign(self, checkpoint: Checkpoint, timestamp: int) -> Signature:
        """Vouch that `checkpoint` was the largest consistent one seen at `timestamp`.

        Seconds since 1970. The caller has verified consistency; this function cannot.
        """
        if not 0 <= timestamp <= MAX_TIMESTAMP:
            raise NoteError(f"a cosignature cannot carry the time {timestamp}")
        value = self.private_key.sign(_cosigned_message(checkpoint.text, timestamp))
        stamp = timestamp.to_bytes(_TIMESTAMP_SIZE, "big")
        return Signature(self.name, self.verifier.key_id, stamp + value)


def _cosigned_message(text: str, timestamp: int) -> bytes:
    if timestamp > MAX_TIMESTAMP:
        raise NoteError(f"a cosignature cannot carry the time {timestamp}")
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


# --- notes ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """One signature line of a note, not verified by itself (signed-note).

    `key_id` is 4 bytes; `value` is whatever the key's type puts there.
    """

    name: str
    key_id: bytes
    value: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.key_id) != _KEY_ID_SIZE or not self.value:
            raise NoteError(f"the signature by {self.name} is too short")

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        blob = b64encode(self.key_id + self.value).decode()
        return f"{_SIGNATURE_PREFIX}{self.name} {blob}\n"


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and the signatures on it, not verified by themselves."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not 0 < len(self.signatures) <= MAX_SIGNATURES:
            raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures")

    def __bytes__(self) -> bytes:
        """The note as published (UTF-8)."""
        return "".join([self.text, "\n", *(each.line for each in self.signatures)]).encode()

    def signed_also_by(self, *signatures: Signature) -> Note:
        """Return the note with signatures added at the end; those it has already are kept once."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *signatures))))


def sign_note(text: str, signer: Signer) -> Note:
    """Return the note of `text` signed by one key (signed-note)."""
    return Note(text, (signer.sign(text),))


def parse_note(data: bytes) -> Note:
    """Read a signed note without trusting it; NoteError when anything about it is malformed.

    The text is separated from the signatures by the last empty line.
    """
    message = _decode_utf8(data)
    text, blank, lines = message.rpartition("\n\n")
    if not blank:
        raise NoteError("no empty line separates the note's text from its signatures")
    return Note(text + "\n", parse_signatures(lines.encode()))


def parse_signatures(data: bytes) -> tuple[Signature, ...]:
    """Read signature lines alone, as a witness returns them (tlog-witness, add-checkpoint)."""
    lines = _decode_utf8(data)
    if not lines.endswith("\n"):
        raise NoteError("the last signature line does not end in a newline")
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures")
    return tuple(_parse_signature(row, number) for number, row in enumerate(rows, 1))


def _parse_signature(line: str, number: int) -> Signature:
    where = f"signature line {number}"
    if not line.startswith(_SIGNATURE_PREFIX):
        raise NoteError(f"{where} does not begin with an em dash and a space")
    name, _, blob = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    material = _decode_base64(blob, where)
    return Signature(name, material[:_KEY_ID_SIZE], material[_KEY_ID_SIZE:])


@dataclass(frozen=True)
class Verified:
    """A signature that was checked: by which key and, if a cosignature, when (seconds, 1970)."""

    key: VerifierKey
    timestamp: int | None


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> list[Verified]:
    """Return the signatures on `note` by trusted `keys`: at least one, all genuine (signed-note).

    Signatures by unknown keys are ignored, even under a trusted name. NoteError when a trusted
    key's signature is not genuine, or when no trusted key has signed.
    """
    trusted = {(key.name, key.key_id): key for key in keys}
    verified: list[Verified] = []
    for signature in note.signatures:
        key = trusted.get((signature.name, signature.key_id))
        if key is not None:
            verified.append(Verified(key, key.verify(note.text, signature)))
    if not verified:
        signers = ", ".join(
            sorted({f"{each.name}+{each.key_id.hex()}" for each in note.signatures})
        )
        raise NoteError(f"no trusted key has signed the note; it is signed by {signers}")
    return verified


# --- checkpoints ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree head: which log, how many leaves, which root (tlog-checkpoint).

    This log's checkpoints never have extension lines, and those that do are refused.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise NoteError("a checkpoint's origin is one line that is not empty")
        _check_text(self.origin + "\n")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise NoteError(f"a tree cannot have {self.size} leaves")
        if len(self.root) != HASH_SIZE:
            raise NoteError(f"a root hash has {HASH_SIZE} bytes, not {len(self.root)}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise NoteError("the root of an empty tree is the hash of nothing")

    @property
    def text(self) -> str:
        """The note text: origin, size in decimal, root in base64, one line each."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint's note text; NoteError when malformed or with extension lines."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:
            raise NoteError("a checkpoint has three lines: origin, tree size, root hash")
        if len(lines) > 4:
            raise NoteError(f"the checkpoint has {len(lines) - 4} extension lines; none is allowed")
        origin, size, root, _ = lines
        if not _DECIMAL.fullmatch(size):
            raise NoteError("the checkpoint's tree size is not a plain decimal number")
        return cls(origin, int(size), _decode_base64(root, "the checkpoint's root hash"))


@dataclass(frozen=True)
class OpenedCheckpoint:
    """A checkpoint that its log has signed, and the witnesses whose cosignatures are genuine.

    `cosigned_at` has one time (seconds since 1970, the latest) for each witness key.
    """

    checkpoint: Checkpoint
    note: Note
    cosigned_at: dict[VerifierKey, int]


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> Note:
    """Return the log's signed checkpoint (tlog-checkpoint).

    The signer's name must be the origin. The caller has proved that the checkpoint extends every
    one signed before; this function cannot.
    """
    if signer.name != checkpoint.origin:
        raise NoteError(f"the key {signer.name} does not sign for the log {checkpoint.origin}")
    return sign_note(checkpoint.text, signer)


def open_checkpoint(
    data: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey] = ()
) -> OpenedCheckpoint:
    """Read a published checkpoint and believe it only if the log's own key signed it.

    NoteError when it is malformed, of another origin than the log key's name, not signed by the
    log, or when the log's or a known witness's signature is not genuine. How many witnesses are
    enough is for the caller to say.
    """
    if log.type is not SignatureType.ED25519:
        raise NoteError(f"{log.name} is a cosigner's key, not a log's")
    if any(key.type is not SignatureType.COSIGNATURE for key in witnesses):
        raise NoteError("a witness key must be of type 0x04, cosignature")
    note = parse_note(data)
    verified = verify_note(note, (log, *witnesses))
    if not any(each.key == log for each in verified):
        raise NoteError(f"the log {log.name} has not signed this checkpoint")
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise NoteError(f"the checkpoint is of {checkpoint.origin}, not of {log.name}")
    cosigned_at: dict[VerifierKey, int] = {}
    for each in verified:
        if each.timestamp is not None:
            cosigned_at[each.key] = max(each.timestamp, cosigned_at.get(each.key, 0))
    return OpenedCheckpoint(checkpoint, note, cosigned_at)


# --- strictness -----------------------------------------------------------------------------


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() for char in name) or not _encodable(name):
        raise NoteError(f"{name!r} is not a key name: not empty, no spaces, no plus sign")
    if _CONTROL.search(name):
        raise NoteError(f"the key name {name!r} holds a control character")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("a note's text ends in a newline")
    found = _CONTROL.search(text)
    if found:
        raise NoteError(f"control character 0x{ord(found.group()):02x} at {found.start()}")
    if not _encodable(text):
        raise NoteError("the text cannot be written in UTF-8")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decode_utf8(data: bytes) -> str:
    if len(data) > MAX_NOTE_SIZE:
        raise NoteError(f"a note of {len(data):,} bytes is over the limit of {MAX_NOTE_SIZE:,}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"not UTF-8 at byte {error.start}") from None
    found = _CONTROL.search(text)
    if found:
        raise NoteError(f"control character 0x{ord(found.group()):02x} at {found.start()}")
    return text


def _decode_base64(text: str, what: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise NoteError(f"{what} is not base64") from None
    if b64encode(data).decode() != text:  # stray bits in the last character
        raise NoteError(f"{what} is not base64 in its one canonical spelling")
    return data
