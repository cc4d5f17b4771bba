from collections import Counter
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import merkle
from audit.merkle import EMPTY_ROOT, Frontier, ProofError, Tile, TileError

MOST = 70_000
LEAVES = merkle.leaf_hashes(number.to_bytes(4, "big") for number in range(MOST))
sizes = st.integers(1, 700) | st.integers(1, MOST)
small_sizes = st.integers(0, 1200)


def recursive_root(hashes):
    """The definition of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    left, right = recursive_root(hashes[:split]), recursive_root(hashes[split:])
    return sha256(b"\x01" + left + right).digest()


class Store(dict):
    """Tiles by coordinates, and a record of what was asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def __call__(self, tiles):
        self.asked.append(list(tiles))
        return {tile: self[tile] for tile in tiles if tile in self}


@pytest.fixture(scope="module")
def store():
    return stored(MOST)


def stored(*growth):
    """A store that was written at each of these sizes, so that it has their partial tiles."""
    tiles = Store()
    for old, new in pairwise((0, *growth)):
        tiles.update(merkle.grow_tiles(old, LEAVES[old:new], tiles))
    return tiles


@pytest.fixture(scope="module")
def prefixes(store):
    """Storage that keeps only the widest tiles and serves partial ones as their first hashes."""
    widest = {tile[:2]: data for tile, data in store.items()}
    return lambda tiles: {tile: widest[tile[:2]][: tile.width * 32] for tile in tiles}


# --- hashes and frontier ---


def test_hashes_have_their_domain_bytes():
    assert merkle.leaf_hash(b"x") == sha256(b"\0x").digest()
    assert merkle.leaf_hashes([b"x", b""]) == [merkle.leaf_hash(b"x"), merkle.leaf_hash(b"")]
    assert merkle.node_hash(b"l", b"r") == sha256(b"\1lr").digest()
    assert merkle.root_from_hashes([]) == EMPTY_ROOT == sha256(b"").digest()


@given(small_sizes)
def test_root_is_the_recursive_definition(size):
    assert merkle.root_from_hashes(LEAVES[:size]) == recursive_root(LEAVES[:size])


@given(st.lists(st.integers(0, 300), max_size=6))
def test_frontier_does_not_depend_on_the_batches(batches):
    frontier, size = Frontier(), 0
    for count in batches:
        frontier.extend(LEAVES[size : size + count])
        size += count
        frontier = Frontier.from_bytes(frontier.to_bytes())
        assert frontier.size == size
        assert frontier.root() == recursive_root(LEAVES[:size])


def test_appending_one_by_one_is_extending_at_once():
    one_by_one, at_once = Frontier(), Frontier()
    for leaf in LEAVES[:100]:
        one_by_one.append(leaf)
    at_once.extend(LEAVES[:100])
    assert one_by_one.hashes == at_once.hashes
    assert one_by_one.to_bytes() == at_once.to_bytes()


def test_a_copy_grows_apart():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    copy = frontier.copy()
    copy.append(LEAVES[5])
    assert (frontier.size, copy.size) == (5, 6)
    assert frontier.root() == recursive_root(LEAVES[:5])


def test_a_leaf_of_the_wrong_length_adds_nothing():
    frontier = Frontier()
    with pytest.raises(ValueError, match="hash 1 is 31 bytes"):
        frontier.extend([LEAVES[0], LEAVES[1][:31]])
    assert frontier.size == 0
    assert frontier.root() == EMPTY_ROOT


@pytest.mark.parametrize(
    ("size", "hashes"), [(-1, []), (0, LEAVES[:1]), (3, LEAVES[:1]), (4, LEAVES[:2])]
)
def test_a_frontier_must_fit_its_size(size, hashes):
    with pytest.raises(ValueError, match="cannot be the frontier"):
        Frontier(size, hashes)


@pytest.mark.parametrize("state", [b"", b"\0" * 7, b"\0" * 9, b"\0" * 7 + b"\1" + b"x" * 31])
def test_a_cut_frontier_state_is_refused(state):
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(state)


# --- proofs ---


@given(sizes, st.data())
@settings(deadline=None, max_examples=60)
def test_inclusion_proofs_verify_and_mutated_ones_do_not(prefixes, size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, prefixes)
    root = merkle.root_from_hashes(LEAVES[:size])
    merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
    for bad in mutations(data, proof, root):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index], index, size, *bad)
    other = data.draw(st.integers(0, size).filter(lambda number: number != index))
    with pytest.raises(ProofError):
        merkle.verify_inclusion(LEAVES[index], other, size, proof, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(LEAVES[index][::-1], index, size, proof, root)


@given(sizes, st.data())
@settings(deadline=None, max_examples=60)
def test_consistency_proofs_verify_and_mutated_ones_do_not(prefixes, size, data):
    older = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(older, size, prefixes)
    root1, root2 = (merkle.root_from_hashes(LEAVES[:count]) for count in (older, size))
    merkle.verify_consistency(older, size, root1, root2, proof)
    for bad, root in mutations(data, proof, root2):
        with pytest.raises(ProofError):
            merkle.verify_consistency(older, size, root1, root, bad)
    with pytest.raises(ProofError):
        merkle.verify_consistency(older, size, root1[::-1], root2, proof)


def mutations(data, proof, root):
    """Proofs and roots that differ from the true ones in one place."""
    yield proof, root[::-1]
    yield [*proof, root], root
    yield [root, *proof], root
    yield [*proof, b""], root
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = int.from_bytes(proof[at], "big") ^ 1 << bit
        yield [*proof[:at], flipped.to_bytes(32, "big"), *proof[at + 1 :]], root
        yield proof[:at] + proof[at + 1 :], root
        yield [*proof[:at], proof[at][:31], *proof[at + 1 :]], root


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_a_small_tree(size):
    read = stored(size)
    root = recursive_root(LEAVES[:size])
    for index, leaf in enumerate(LEAVES[:size]):
        proof = merkle.inclusion_proof(index, size, read)
        assert len(proof) <= (size - 1).bit_length()
        merkle.verify_inclusion(leaf, index, size, proof, root)
    for older in range(1, size + 1):
        proof = merkle.consistency_proof(older, size, read)
        merkle.verify_consistency(older, size, recursive_root(LEAVES[:older]), root, proof)


def test_a_forked_log_cannot_prove_consistency():
    mine, size = merkle.root_from_hashes(LEAVES[:300]), 600
    forked = Store()
    forked.update(merkle.grow_tiles(0, LEAVES[1 : size + 1], forked))
    proof = merkle.consistency_proof(300, size, forked)
    with pytest.raises(ProofError, match="older root"):
        merkle.verify_consistency(300, size, mine, merkle.tree_root(size, forked), proof)


def test_many_inclusion_proofs_are_the_single_ones_with_one_read(store):
    read = stored(1000)
    read.asked.clear()
    many = merkle.inclusion_proofs([0, 999, 511, 0], 1000, read)
    assert len(read.asked) == 1
    assert many == [merkle.inclusion_proof(index, 1000, read) for index in (0, 999, 511, 0)]
    assert merkle.inclusion_proofs([], 1000, read) == []


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (6, 5)])
def test_no_inclusion_proof_for_a_leaf_that_is_not_there(store, index, size):
    with pytest.raises(ProofError, match=f"no leaf {index}"):
        merkle.inclusion_proof(index, size, store)


@pytest.mark.parametrize(("older", "newer"), [(0, 5), (0, 0), (6, 5), (-1, 5)])
def test_no_consistency_proof_from_nothing_or_backwards(store, older, newer):
    with pytest.raises(ProofError):
        merkle.consistency_proof(older, newer, store)
    with pytest.raises(ProofError):
        merkle.verify_consistency(older, newer, EMPTY_ROOT, EMPTY_ROOT, [])


def test_a_missing_or_cut_tile_is_named():
    read = stored(300)
    read[Tile(0, 1, 44)] = read[Tile(0, 1, 44)][:-1]
    with pytest.raises(TileError, match=r"tile/0/001\.p/44 has 1407 bytes instead of 1408"):
        merkle.tree_root(300, read)
    del read[Tile(0, 1, 44)]
    with pytest.raises(TileError, match=r"no tile/0/001\.p/44"):
        merkle.tree_root(300, read)


# --- tiles ---


@given(st.lists(st.integers(0, 900), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_growth_writes_the_listed_tiles_and_only_those(steps):
    tiles, size = Store(), 0
    for step in steps:
        new = size + step
        grown = merkle.grow_tiles(size, LEAVES[size:new], tiles)
        assert list(grown) == merkle.tiles_for_growth(size, new)
        assert len(grown) <= (step // 255 + 2) * 2
        tiles.update(grown)
        size = new
        assert merkle.tree_root(size, tiles) == merkle.root_from_hashes(LEAVES[:size])
        assert merkle.frontier_at(size, tiles).root() == merkle.tree_root(size, tiles)


def test_tiles_hold_the_hashes_that_the_standard_says(store):
    for tile, data in store.items():
        span = 256**tile.level
        assert len(data) == tile.width * 32
        for at in {0, tile.width - 1}:
            start = (tile.number * 256 + at) * span
            expected = merkle.root_from_hashes(LEAVES[start : start + span])
            assert data[at * 32 : at * 32 + 32] == expected


def test_the_tiles_of_seventy_thousand_leaves():
    # The worked example of tlog-tiles.
    tiles = merkle.tiles_for_growth(0, 70_000)
    partial = [tile for tile in tiles if not tile.full]
    assert partial == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert merkle.partial_tiles(70_000) == partial
    assert Counter(tile.level for tile in tiles if tile.full) == {0: 273, 1: 1}


@pytest.mark.parametrize(
    ("old", "new", "tiles"),
    [
        (0, 0, []),
        (7, 7, []),
        (0, 1, [Tile(0, 0, 1)]),
        (1, 3, [Tile(0, 0, 3)]),
        (255, 256, [Tile(0, 0), Tile(1, 0, 1)]),
        (256, 257, [Tile(0, 1, 1)]),
        (65_535, 65_536, [Tile(0, 255), Tile(1, 0), Tile(2, 0, 1)]),
    ],
)
def test_tiles_for_growth(old, new, tiles):
    assert merkle.tiles_for_growth(old, new) == tiles


def test_growth_reads_only_what_it_extends():
    tiles = stored(256 * 3 + 5)
    tiles.asked.clear()
    merkle.grow_tiles(773, LEAVES[773:780], tiles)
    assert tiles.asked == [[Tile(0, 3, 5)]]


def test_a_log_cannot_shrink():
    with pytest.raises(ValueError, match="cannot grow from 5 to 4"):
        merkle.tiles_for_growth(5, 4)


def test_only_a_full_tile_is_hashed_upwards(store):
    assert merkle.tile_root(store[Tile(0, 0)]) == recursive_root(LEAVES[:256])
    with pytest.raises(TileError, match="full tile"):
        merkle.tile_root(store[Tile(0, 273, 112)])


def test_tile_at_is_the_tile_as_wide_as_the_tree_makes_it():
    assert merkle.tile_at(0, 0, 300) == Tile(0, 0)
    assert merkle.tile_at(0, 1, 300) == Tile(0, 1, 44)
    with pytest.raises(TileError, match="empty"):
        merkle.tile_at(0, 2, 300)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(63, 1_234_067, 8), "tile/63/x001/x234/067.p/8"),
        (Tile(0, 1_234_067, 8).bundle, "tile/entries/x001/x234/067.p/8"),
    ],
)
def test_tile_paths(tile, path):
    assert tile.path == path
    assert Tile.parse(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**56), st.integers(1, 256))
def test_every_tile_path_is_read_back(level, number, width):
    tile = Tile(level, number, width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile/0", "tile/0/0", "tile/0/0000", "/tile/0/000", "tile/0/000/", "tile/0/000\n"),
        *("tile/00/000", "tile/64/000", "tile/-1/000", "tile/data/000", "tile/0/x000/001"),
        *("tile/0/001/000", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01"),
        *("tile/0/000.p/", "tile/0/٠٠٠", "tile/0/../000", "tile/0/000.p/1/2"),
    ],
)
def test_other_spellings_of_a_path_are_refused(path):
    with pytest.raises(TileError, match="not a tile path"):
        Tile.parse(path)


def test_only_leaf_tiles_have_entry_bundles():
    assert Tile(0, 7, 9).bundle == Tile(merkle.ENTRIES_LEVEL, 7, 9)
    with pytest.raises(TileError, match="no entry bundle"):
        _ = Tile(1, 0).bundle


# --- entry bundles ---


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_entry_bundles_are_read_back(entries):
    assert merkle.decode_entries(merkle.encode_entries(entries)) == entries


def test_entry_bundle_layout():
    assert merkle.encode_entries([b"ab", b"", b"c" * 65_535]) == (
        b"\x00\x02ab" + b"\x00\x00" + b"\xff\xff" + b"c" * 65_535
    )


def test_an_entry_too_long_for_the_format_is_named():
    with pytest.raises(TileError, match="entry 1 is 65,536 bytes"):
        merkle.encode_entries([b"", b"x" * 65_536])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_holds_a_tile_of_entries(count):
    with pytest.raises(TileError, match=f"not {count}"):
        merkle.encode_entries([b""] * count)
    with pytest.raises(TileError, match=f"not {count}"):
        merkle.decode_entries(b"\0\0" * count)


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=5), st.data())
def test_a_cut_bundle_is_refused_at_its_byte(entries, data):
    bundle = merkle.encode_entries(entries)
    start = len(bundle) - len(entries[-1]) - 2
    cut = data.draw(st.integers(start + 1, len(bundle) - 1))
    with pytest.raises(TileError, match=f"at byte {start}$"):
        merkle.decode_entries(bundle[:cut])
