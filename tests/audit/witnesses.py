"""A log made of nothing but hashes, and a witness beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle
from audit.merkle import Tile
from audit.note import Checkpoint, Note, Signer, sign_checkpoint
from audit.witness.protocol import write_request

ORIGIN = "log.example/test"


class PlainLog:
    """A log in memory: leaves by number, any size signed on demand. `branch` makes another."""

    def __init__(self, size: int, *, branch: str = "", origin: str = ORIGIN) -> None:
        self.hashes = [sha256(f"{branch}{n}".encode()).digest() for n in range(size)]
        self.signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(sha256(b"key").digest()))

    def root(self, size: int) -> bytes:
        return merkle.root_from_hashes(self.hashes[:size])

    def note(self, size: int) -> Note:
        """The signed checkpoint at `size`."""
        return sign_checkpoint(Checkpoint(self.signer.name, size, self.root(size)), self.signer)

    def proof(self, old: int, new: int) -> list[bytes]:
        """The consistency proof between two sizes; empty from 0."""
        tiles = merkle.grow_tiles(0, self.hashes[:new], lambda _tiles: {})

        def read(wanted: Sequence[Tile]) -> Mapping[Tile, bytes]:
            return {tile: tiles[tile] for tile in wanted if tile in tiles}

        return merkle.consistency_proof(old, new, read) if 0 < old < new else []

    def request(self, old: int, new: int) -> bytes:
        """The body of add-checkpoint."""
        return write_request(old, self.proof(old, new), bytes(self.note(new)))
