"""The tree computed again from leaf hashes, and compared on the way with what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

from audit import store
from audit.findings import Findings
from audit.merkle import (
    HASH_SIZE,
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    Tile,
    partial_tiles,
    tile_root,
)

_TILE_SIZE = TILE_WIDTH * HASH_SIZE

_TILES = """
SELECT index, width, hashes FROM audit_tile WHERE level = %s AND index BETWEEN %s AND %s
ORDER BY index, width
"""


class Claim(NamedTuple):
    """A signed tree head that the log must continue, and who kept it."""

    size: int
    root: bytes
    source: str  # stored | remembered | against | rotation


class Rederived:
    """The tree computed from leaf hashes, compared on the way with stored tiles and claims.

    Each node is hashed once: a full tile's root is the leaf of the level above.
    """

    def __init__(
        self, driver: psycopg.Connection[Any], found: Findings, claims: Iterator[Claim]
    ) -> None:
        self.size = 0
        self._driver = driver
        self._found = found
        self._claims = claims
        self._claim = next(claims, None)
        self._good = 0  # the size of the last claim that held
        self._full = Frontier()  # over the roots of full tiles
        self._edge = Frontier()  # over the tile at hand, as far as a claim needed it
        self._open = b""  # the hashes of the tile that is not full yet
        self._levels: list[tuple[int, bytes]] = []  # level above: first tile, hashes not checked
        self._published: dict[tuple[int, int], set[int]] = {}  # widths of partial tiles

    def extend(self, hashes: list[bytes]) -> None:
        """Add leaf hashes; all but the last call bring whole tiles."""
        first = self.size // TILE_WIDTH
        roots: list[bytes] = []
        data = b"".join(hashes)
        for start in range(0, len(data), _TILE_SIZE):
            chunk = data[start : start + _TILE_SIZE]
            end = self.size + len(chunk) // HASH_SIZE
            self._edge = Frontier()
            self._check_claims(chunk, end - 1)
            if len(chunk) == _TILE_SIZE:
                root = tile_root(chunk)
                roots.append(root)
                self._full.append(root)
            else:
                self._open = chunk
            self.size = end
            self._check_claims(chunk, end)
        self._check_tiles(0, first, data)
        self._rise(0, roots)

    def finish(self) -> None:
        """Compare the edges of the upper levels, and the claims that lie beyond the log."""
        for level, (first, data) in enumerate(self._levels, 1):
            if data:
                self._check_tiles(level, first, data)
        while self._claim is not None:
            size = self._claim.size
            if size == 0:
                self._check_root(self._claim, self.root())
            else:
                lost = size - self.size
                self._found.add("checkpoint_beyond", size=size, leaves=self.size, lost=lost)
            self._claim = next(self._claims, None)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return self.frontier().root()

    def frontier(self) -> Frontier:
        """The right edge of the tree over all leaves so far."""
        edge = Frontier()
        edge.extend(_split(self._open))
        return Frontier(self.size, [*self._full.hashes, *edge.hashes])

    def _root_at(self, size: int, chunk: bytes) -> bytes:
        """The root at a size that ends in the tile at hand; sizes come in order."""
        part = size % TILE_WIDTH
        self._edge.extend(_split(chunk[HASH_SIZE * self._edge.size : HASH_SIZE * part]))
        edge = self._edge.hashes if part else ()
        return Frontier(size, [*self._full.hashes, *edge]).root()

    def _check_claims(self, chunk: bytes, until: int) -> None:
        """Compare claims of sizes up to `until` with the roots; `chunk` is the tile at the edge."""
        while self._claim is not None and self._claim.size <= until:
            claim = self._claim
            self._check_root(claim, self._root_at(claim.size, chunk))
            if claim.source == "stored":
                for tile in partial_tiles(claim.size):
                    self._published.setdefault(tile[:2], set()).add(tile.width)
            self._claim = next(self._claims, None)

    def _check_root(self, claim: Claim, root: bytes) -> None:
        if claim.root == root:
            self._good = claim.size
        else:
            last = max(claim.size - 1, 0)
            self._found.add("checkpoint_root", size=claim.size, first=self._good, last=last)

    def _rise(self, level: int, roots: list[bytes]) -> None:
        """Hand the roots of full tiles to the level above; check its tiles as they fill."""
        if not roots:
            return
        if len(self._levels) == level:
            self._levels.append((0, b""))
        first, data = self._levels[level]
        data += b"".join(roots)
        whole = len(data) // (_TILE_SIZE)
        cut = whole * _TILE_SIZE
        if whole:
            self._check_tiles(level + 1, first, data[:cut])
            chunks = [data[at : at + _TILE_SIZE] for at in range(0, cut, _TILE_SIZE)]
            self._rise(level + 1, [tile_root(chunk) for chunk in chunks])
        self._levels[level] = (first + whole, data[cut:])

    def _check_tiles(self, level: int, first: int, data: bytes) -> None:
        """Compare the stored tiles of a level from tile `first` with the hashes they must hold."""
        count = -(-len(data) // (_TILE_SIZE))
        missing = {
            Tile(level, number, width)
            for number in range(first, first + count)
            for width in {
                min(TILE_WIDTH, len(data) // HASH_SIZE - (number - first) * TILE_WIDTH),
                *self._published.pop((level, number), ()),
            }
        }
        rows = store.binary(self._driver).execute(
            _TILES, [level, first, first + count - 1], binary=True
        )
        for number, width, stored in rows:
            tile = Tile(level, number, width)
            missing.discard(tile)
            start = (number - first) * _TILE_SIZE
            right = data[start : start + HASH_SIZE * min(width, TILE_WIDTH)]
            if stored != right and len(right) == HASH_SIZE * width:
                at = _first_difference(stored, right)
                index = number * TILE_WIDTH + at << TILE_HEIGHT * level
                self._found.add("tile_wrong", tile=tile.path, index=index)
        for tile in sorted(missing):
            self._found.add("tile_missing", tile=tile.path)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def _nth(hashes: bytes, position: int) -> bytes:
    return hashes[HASH_SIZE * position : HASH_SIZE * (position + 1)]


def _first_difference(stored: bytes, right: bytes) -> int:
    """The first hash that differs; the last one when only the length does."""
    count = len(right) // HASH_SIZE
    return next((n for n in range(count) if _nth(stored, n) != _nth(right, n)), count - 1)
