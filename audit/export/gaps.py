"""What an export must add to its records so that the log's root can be computed from them.

The leaves of the log are cut into the exported ones and the gaps between them; a gap is given
as the largest perfect subtrees it consists of. Whoever hashes the exported records and folds
them with these subtrees from left to right gets the root, and has thereby proved every record
to be at its place: about two hashes a record, and no hash written twice. A single record's
inclusion proof (RFC 6962) comes out of the same fold.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from audit import merkle
from audit.merkle import HASH_SIZE, TILE_HEIGHT, ReadTiles, Tile

Node = tuple[int, int]  # level, index at that level
_KEPT = 512  # tiles whose inner nodes are kept: 8 KiB of leaves and as much above them, each


def subtrees(start: int, end: int) -> Iterator[Node]:
    """The largest perfect subtrees that leaves [start, end) consist of, from left to right: each
    aligned to its own size (RFC 9162, section 2.1)."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


class Nodes:
    """Hashes of the tree's nodes at one size, through a cache of whole tiles: each tile's inner
    nodes are computed once while neighbours ask for them."""

    def __init__(self, size: int, read: ReadTiles) -> None:
        self._size = size
        self._read = read
        self._tiles: OrderedDict[Tile, list[list[bytes]]] = OrderedDict()

    def hashes(self, nodes: Sequence[Node]) -> list[bytes]:
        """The hash of each node; all tiles that are not at hand are read in one go."""
        homes = [self._home(node) for node in nodes]
        missing = [tile for tile in dict.fromkeys(homes) if tile not in self._tiles]
        answers = self._read(missing) if missing else {}
        for tile in missing:
            self._tiles[tile] = _levels(tile, answers)
        found = []
        for (level, index), tile in zip(nodes, homes, strict=True):
            self._tiles.move_to_end(tile)
            height = level % TILE_HEIGHT
            found.append(self._tiles[tile][height][index % (merkle.TILE_WIDTH >> height)])
        while len(self._tiles) > _KEPT:
            self._tiles.popitem(last=False)
        return found

    def _home(self, node: Node) -> Tile:
        level, index = node
        tile_level, height = divmod(level, TILE_HEIGHT)
        return merkle.tile_at(tile_level, index << height >> TILE_HEIGHT, self._size)


def _levels(tile: Tile, answers: Mapping[Tile, bytes]) -> list[list[bytes]]:
    """The nodes of a tile, level by level, as far as they are whole."""
    data = answers.get(tile)
    if data is None or len(data) != tile.width * HASH_SIZE:
        raise merkle.TileError(f"storage has no whole {tile.path}")
    level = [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]
    levels = [level]
    for _height in range(1, TILE_HEIGHT):
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        levels.append(level)
    return levels
