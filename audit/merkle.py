"""The Merkle tree of the transparency log: hashes, proofs, tiles (RFC 6962, RFC 9162, tlog-tiles).

Pure functions. Storage is a parameter: whoever asks for a proof passes a `ReadTiles` function,
so the same code runs over a table, a directory or a dictionary.

A node is written (level, index): the subtree over leaves [index << level, (index + 1) << level).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

HASH_SIZE: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
MAX_ENTRY_SIZE: Final = 0xFFFF
ENTRIES_LEVEL: Final = -1
EMPTY_ROOT: Final = sha256(b"").digest()

_MAX_LEVEL = 63
_TILE_PATH = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)


class ProofError(ValueError):
    """A proof does not show what it claims, or was asked for a leaf or size that cannot exist."""


class TileError(ValueError):
    """A tile, its path or an entry bundle is malformed, or storage did not supply it."""


# --- hashes ---------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf: SHA-256(0x00 ‖ data) (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hash of each entry in order; the bulk form of `leaf_hash`."""
    digest = sha256
    return [digest(b"\x00" + data).digest() for data in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def root_from_hashes(hashes: Iterable[bytes]) -> bytes:
    """Return the tree root over these leaf hashes; EMPTY_ROOT over none (RFC 6962, section 2.1)."""
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier.root()


def _parents(nodes: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours together, one level up; an odd last node is left out."""
    digest = sha256
    pairs = iter(nodes)
    return [digest(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """Join perfect subtrees, given from left (largest) to right (smallest), into their root."""
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


# --- the growing edge -----------------------------------------------------------------------


class Frontier:
    """The right edge of a tree: one hash per set bit of its size, enough to grow and to hash it.

    Also known as a compact range. Costs one node hash per leaf, and at most 64 hashes of memory.
    """

    __slots__ = ("_levels", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Take up a tree of `size` leaves from its perfect subtrees, left (largest) to right.

        Raises ValueError when the hashes cannot belong to that size.
        """
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(f"{len(hashes)} hashes cannot be the frontier of {size} leaves")
        _check_hashes(hashes)
        rest = list(hashes)
        self._size = size
        self._levels: list[bytes | None] = [
            rest.pop() if size >> level & 1 else None for level in range(size.bit_length())
        ]

    @property
    def size(self) -> int:
        """The number of leaves so far."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, left (largest) to right (smallest)."""
        return tuple(node for node in reversed(self._levels) if node is not None)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash (32 bytes)."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes (32 bytes each) in order; all of them or, on ValueError, none."""
        carry = list(leaves)
        _check_hashes(carry)
        self._size += len(carry)
        level = 0
        while carry:
            if level == len(self._levels):
                self._levels.append(None)
            waiting = self._levels[level]
            if waiting is not None:
                carry.insert(0, waiting)
            self._levels[level] = carry[-1] if len(carry) % 2 else None
            carry = _parents(carry)
            level += 1

    def root(self) -> bytes:
        """Return the root of the tree at its present size."""
        return _fold(self.hashes)

    def copy(self) -> Frontier:
        """Return a frontier that grows apart from this one."""
        return Frontier(self._size, self.hashes)

    def to_bytes(self) -> bytes:
        """Return the state: size as 8 bytes big-endian, then the hashes from left to right."""
        return self._size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, state: bytes) -> Frontier:
        """Take up a state written by `to_bytes`; ValueError when it is cut or padded."""
        if len(state) < 8 or len(state) % HASH_SIZE != 8:
            raise ValueError(f"a frontier state cannot be {len(state)} bytes long")
        return cls(int.from_bytes(state[:8], "big"), _split(state[8:]))


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if not set(map(len, hashes)) <= {HASH_SIZE}:
        position = next(i for i, item in enumerate(hashes) if len(item) != HASH_SIZE)
        raise ValueError(f"hash {position} is {len(hashes[position])} bytes long, not {HASH_SIZE}")


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


# --- verifying proofs -----------------------------------------------------------------------


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that leaf hash `leaf` is at `index` in the tree of `size` leaves under `root`.

    Raises ProofError otherwise (RFC 9162, section 2.1.3.2).
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    _check_proof((leaf, *proof))
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the inclusion proof is too short")
    if result != root:
        raise ProofError(f"leaf {index} is not under this root at size {size}")


def verify_consistency(
    size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree (size1, root1) is a prefix of the tree (size2, root2).

    Raises ProofError otherwise (RFC 9162, section 2.1.4.2). An empty tree (size1 = 0) is always
    refused: it is a prefix of every tree, so a "proof" of it would say nothing.
    """
    if not 1 <= size1 <= size2:
        raise ProofError(f"no proof leads from a tree of {size1} leaves to one of {size2}")
    if size1 == size2:
        if proof or root1 != root2:
            raise ProofError(f"two different trees of {size1} leaves, or a proof where none is due")
        return
    if not proof:
        raise ProofError("the consistency proof is empty")
    _check_proof(proof)
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the consistency proof is too short")
    if old != root1:
        raise ProofError(f"the proof does not lead to the older root, at size {size1}")
    if new != root2:
        raise ProofError(f"the proof does not lead to the newer root, at size {size2}")


def _check_proof(hashes: Sequence[bytes]) -> None:
    # Were lengths free, bytes could move from one hash to its neighbour and hash the same.
    for position, item in enumerate(hashes):
        if len(item) != HASH_SIZE:
            raise ProofError(f"hash {position} of the proof is {len(item)} bytes, not {HASH_SIZE}")


# --- tiles: names and shapes ----------------------------------------------------------------


class Tile(NamedTuple):
    """A tile's coordinates (tlog-tiles): `width` hashes at height `8 * level`, from `256 * number`.

    Level ENTRIES_LEVEL (-1) names an entry bundle: the entries whose hashes tile (0, number) holds.
    """

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def full(self) -> bool:
        """True when the tile will never change again."""
        return self.width == TILE_WIDTH

    @property
    def path(self) -> str:
        """The tile's path below the log's prefix, as in `tile/0/x001/x234/067.p/8`."""
        level = "entries" if self.level == ENTRIES_LEVEL else str(self.level)
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return f"tile/{level}/{number}" + ("" if self.full else f".p/{self.width}")

    @property
    def bundle(self) -> Tile:
        """The entry bundle that goes with this level 0 tile; TileError at other levels."""
        if self.level != 0:
            raise TileError(f"a tile of level {self.level} has no entry bundle")
        return self._replace(level=ENTRIES_LEVEL)

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Return the tile that `path` names; TileError unless it is spelt exactly as `path` would.

        The path is relative to the log's prefix: no leading slash.
        """
        match = _TILE_PATH.fullmatch(path)
        if match is None:
            raise TileError(f"not a tile path: {path[:80]!r}")
        level, number, width = match.groups()
        tile = cls(
            ENTRIES_LEVEL if level == "entries" else int(level),
            int(number.replace("x", "").replace("/", "")),
            int(width or TILE_WIDTH),
        )
        if tile.level > _MAX_LEVEL or not 0 < tile.width <= TILE_WIDTH or tile.path != path:
            raise TileError(f"not a tile path: {path[:80]!r}")
        return tile


ReadTiles: TypeAlias = Callable[[Sequence[Tile]], Mapping[Tile, bytes]]
"""Storage, as the functions here see it: all tiles of one question asked for at once.

Answers for each tile with exactly `width` hashes (32 bytes each); a tile that it does not have is
left out. Storage that keeps only the full tile answers for a partial one with its first hashes.
"""


def tile_at(level: int, number: int, size: int) -> Tile:
    """Return that tile as it stands in a tree of `size` leaves; TileError when it is empty."""
    width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - TILE_WIDTH * number)
    if width <= 0:
        raise TileError(f"tile {level}/{number} is empty in a tree of {size}")
    return Tile(level, number, width)


def tiles_for_growth(old_size: int, new_size: int) -> list[Tile]:
    """Return the tiles to write when a tree grows from old_size to new_size leaves (tlog-tiles).

    Full and partial tiles that hold at least one new hash, lowest level first, left to right;
    their number is about (new_size - old_size) / 255 + 2 per level. Entry bundles are not
    listed: they are the `bundle` of each level 0 tile. ValueError when the tree would shrink.
    """
    _check_growth(old_size, new_size)
    tiles: list[Tile] = []
    level = 0
    while old_size < new_size:
        first, end = old_size >> TILE_HEIGHT, -(-new_size >> TILE_HEIGHT)
        tiles += [
            Tile(level, number, min(TILE_WIDTH, new_size - TILE_WIDTH * number))
            for number in range(first, end)
        ]
        old_size, new_size = old_size >> TILE_HEIGHT, new_size >> TILE_HEIGHT
        level += 1
    return tiles


def partial_tiles(size: int) -> list[Tile]:
    """Return the partial tiles of a tree of `size` leaves, lowest level first (tlog-tiles)."""
    tiles: list[Tile] = []
    level = 0
    while size:
        if size % TILE_WIDTH:
            tiles.append(Tile(level, size >> TILE_HEIGHT, size % TILE_WIDTH))
        size >>= TILE_HEIGHT
        level += 1
    return tiles


def _check_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a log cannot grow from {old_size} to {new_size} leaves")


# --- tiles: contents ------------------------------------------------------------------------


def tile_root(data: bytes) -> bytes:
    """Return the hash that a full tile contributes to the tile one level up (tlog-tiles).

    `data` is the tile's 8,192 bytes; TileError for a partial tile, which contributes nothing.
    """
    if len(data) != TILE_WIDTH * HASH_SIZE:
        raise TileError(f"only a full tile is hashed upwards; this one has {len(data)} bytes")
    return _reduce(_split(data))


def grow_tiles(old_size: int, leaves: Sequence[bytes], read: ReadTiles) -> dict[Tile, bytes]:
    """Return every tile to write, with its bytes, when `leaves` (hashes) join old_size leaves.

    Reads only the partial tiles at the old edge that the growth touches; the keys are those of
    `tiles_for_growth`. Write all of them before signing the new size.
    """
    _check_hashes(leaves)
    new_size = old_size + len(leaves)
    touched = {(tile.level, tile.number) for tile in tiles_for_growth(old_size, new_size)}
    edge = [tile for tile in partial_tiles(old_size) if (tile.level, tile.number) in touched]
    before = {tile.level: data for tile, data in _load(edge, read).items()}
    grown: dict[Tile, bytes] = {}
    fresh: Sequence[bytes] = leaves
    level, at = 0, old_size
    while fresh:
        data = before.get(level, b"") + b"".join(fresh)
        first = at >> TILE_HEIGHT
        fresh = []
        for number, start in enumerate(range(0, len(data), TILE_WIDTH * HASH_SIZE), first):
            chunk = data[start : start + TILE_WIDTH * HASH_SIZE]
            tile = Tile(level, number, len(chunk) // HASH_SIZE)
            grown[tile] = chunk
            if tile.full:
                fresh.append(tile_root(chunk))
        level, at = level + 1, first
    return grown


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length, a big-endian uint16 (tlog-tiles).

    TileError names the entry that exceeds 65,535 bytes; a bundle has 1 to 256 entries.
    """
    if not 0 < len(entries) <= TILE_WIDTH:
        raise TileError(f"a bundle holds 1 to {TILE_WIDTH} entries, not {len(entries)}")
    parts: list[bytes] = []
    for position, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY_SIZE:
            raise TileError(
                f"entry {position} is {len(entry):,} bytes; the format ends at {MAX_ENTRY_SIZE:,}"
            )
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_entries(data: bytes) -> list[bytes]:
    """Return the entries of a bundle; TileError, with the byte, when it is cut or overfull."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or end > len(data):
            raise TileError(f"the bundle ends inside entry {len(entries)}, at byte {at}")
        entries.append(data[start:end])
        at = end
    if not 0 < len(entries) <= TILE_WIDTH:
        raise TileError(f"a bundle holds 1 to {TILE_WIDTH} entries, not {len(entries)}")
    return entries


# --- proofs from tiles ----------------------------------------------------------------------


def tree_root(size: int, read: ReadTiles) -> bytes:
    """Return the root of the tree of `size` leaves, computed from its tiles."""
    return _hash_ranges([(0, size)], size, read)[0]


def frontier_at(size: int, read: ReadTiles) -> Frontier:
    """Return the frontier of the tree of `size` leaves, computed from its tiles."""
    nodes = list(_perfect_subtrees(0, size))
    found = _hash_nodes(nodes, size, read)
    return Frontier(size, [found[node] for node in nodes])


def inclusion_proof(index: int, size: int, read: ReadTiles) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, nearest sibling first.

    RFC 6962, section 2.1.1. ProofError when there is no such leaf; TileError when storage lacks
    a tile.
    """
    return inclusion_proofs((index,), size, read)[0]


def inclusion_proofs(indexes: Sequence[int], size: int, read: ReadTiles) -> list[list[bytes]]:
    """Return `inclusion_proof` for each index, in order, hashing what they share only once.

    Memory grows with the number of indexes: ask for some thousands at a time.
    """
    paths = [_siblings(index, size) for index in indexes]
    ranges = list(dict.fromkeys(sibling for path in paths for sibling in path))
    hashes = dict(zip(ranges, _hash_ranges(ranges, size, read), strict=True))
    return [[hashes[sibling] for sibling in path] for path in paths]


def _siblings(index: int, size: int) -> list[tuple[int, int]]:
    """Return the leaf ranges whose hashes lead from a leaf up to the root."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    siblings: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split_point(end - start)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def consistency_proof(size1: int, size2: int, read: ReadTiles) -> list[bytes]:
    """Return the proof that the tree of size1 leaves is a prefix of the tree of size2 leaves.

    RFC 6962, section 2.1.2; empty when the sizes are equal. ProofError unless
    1 <= size1 <= size2; TileError when storage lacks a tile.
    """
    if not 1 <= size1 <= size2:
        raise ProofError(f"no proof leads from a tree of {size1} leaves to one of {size2}")
    subtrees: list[tuple[int, int]] = []
    start, end = 0, size2
    while end != size1:
        middle = start + _split_point(end - start)
        if size1 <= middle:
            subtrees.append((middle, end))
            end = middle
        else:
            subtrees.append((start, middle))
            start = middle
    if start:  # otherwise what remains is the whole older tree, whose root the verifier has
        subtrees.append((start, end))
    return _hash_ranges(subtrees[::-1], size2, read)


def _split_point(count: int) -> int:
    """Return the largest power of two smaller than `count` (RFC 6962, section 2.1)."""
    return 1 << (count - 1).bit_length() - 1


def _perfect_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes (level, index) that cover leaves [start, end), left to right."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _hash_ranges(ranges: Sequence[tuple[int, int]], size: int, read: ReadTiles) -> list[bytes]:
    """Return the subtree hash over each leaf range, reading all tiles in one go."""
    covers = [list(_perfect_subtrees(start, end)) for start, end in ranges]
    found = _hash_nodes([node for cover in covers for node in cover], size, read)
    return [_fold([found[node] for node in cover]) for cover in covers]


def _hash_nodes(
    nodes: Sequence[tuple[int, int]], size: int, read: ReadTiles
) -> dict[tuple[int, int], bytes]:
    homes = {node: _home(*node, size) for node in nodes}
    tiles = _load(list(dict.fromkeys(homes.values())), read)
    found: dict[tuple[int, int], bytes] = {}
    for (level, index), tile in homes.items():
        count = 1 << level % TILE_HEIGHT
        at = index * count % TILE_WIDTH * HASH_SIZE
        found[level, index] = _reduce(_split(tiles[tile][at : at + count * HASH_SIZE]))
    return found


def _home(level: int, index: int, size: int) -> Tile:
    """Return the tile from which a node can be computed without any other."""
    tile_level, height = divmod(level, TILE_HEIGHT)
    return tile_at(tile_level, index << height >> TILE_HEIGHT, size)


def _load(tiles: Sequence[Tile], read: ReadTiles) -> dict[Tile, bytes]:
    answers = read(tiles) if tiles else {}
    loaded: dict[Tile, bytes] = {}
    for tile in tiles:
        data = answers.get(tile)
        if data is None:
            raise TileError(f"storage has no {tile.path}")
        if len(data) != tile.width * HASH_SIZE:
            raise TileError(
                f"{tile.path} has {len(data)} bytes instead of {tile.width * HASH_SIZE}"
            )
        loaded[tile] = data
    return loaded


def _reduce(nodes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of neighbouring nodes."""
    while len(nodes) > 1:
        nodes = _parents(nodes)
    return nodes[0]
