"""The drawings of the ledger as geometry: pure functions to coordinates of an SVG.

A drawing is boxes and arrows in user units, y downwards; the template adds the words to boxes by
their keys, and says the same in a table.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from audit.merkle import node_hash

BOX_WIDTH, BOX_HEIGHT, GAP = 128, 64, 36


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its key, which says what stands in it; `tone` is a class of the stylesheet."""

    key: str
    x: int
    y: int
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT
    tone: str = "plain"

    @property
    def middle(self) -> tuple[int, int]:
        """The centre of the box."""
        return self.x + self.width // 2, self.y + self.height // 2

    @property
    def text_x(self) -> int:
        """Where its words are centred."""
        return self.middle[0]

    @property
    def text_y(self) -> int:
        """The base line of its words."""
        return self.middle[1] + 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, and arrows as SVG paths."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[str, ...]


def chain_of_evidence() -> Drawing:
    """records → leaves → tree → checkpoint → witness, time-stamp, a copy at the regulator."""
    keys = ["records", "leaves", "tree", "checkpoint"]
    step, middle = BOX_WIDTH + GAP, 110
    line = [Box(key, 4 + step * n, middle) for n, key in enumerate(keys)]
    right = 4 + step * len(keys)
    outside = [
        Box(key, right, 4 + 106 * n, width=BOX_WIDTH + 24, tone="outside")
        for n, key in enumerate(["witness", "stamp", "copy"])
    ]
    arrows = [_across(left, other) for left, other in itertools.pairwise(line)]
    arrows += [_across(line[-1], box) for box in outside]
    width = right + BOX_WIDTH + 24 + 4
    return Drawing(width, middle * 2 + BOX_HEIGHT, (*line, *outside), tuple(arrows))


def _across(left: Box, right: Box) -> str:
    """An arrow from the right edge of one box to the left edge of another."""
    start = (left.x + left.width, left.middle[1])
    end = (right.x - 6, right.middle[1])
    bend = start[0] + (end[0] - start[0]) // 2
    return f"M{start[0]} {start[1]}H{bend}V{end[1]}H{end[0]}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an inclusion proof: the hash known so far and its sibling are hashed together.

    `left` says whether the sibling stands on the left; `first` and `last` are the leaves below
    the sibling; `result` is the hash that comes out.
    """

    number: int
    sibling: bytes
    left: bool
    first: int
    last: int
    result: bytes

    @property
    def hex(self) -> str:
        """The sibling in hexadecimal."""
        return self.sibling.hex()


def steps(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> list[Step]:
    """An inclusion proof step by step (RFC 9162, section 2.1.3.2), with what each hash covers.

    The proof is taken to be right; `merkle.verify_inclusion` says whether it is.
    """
    node, last, height, result = index, size - 1, 0, leaf
    made = []
    for number, sibling in enumerate(path, 1):
        while node == last and node and not node & 1:  # nothing stands to the right
            node, last, height = node >> 1, last >> 1, height + 1
        left = bool(node & 1)
        other = node - 1 if left else node + 1
        result = node_hash(sibling, result) if left else node_hash(result, sibling)
        end = min(other + 1 << height, size) - 1
        made.append(Step(number, sibling, left, other << height, end, result))
        node, last, height = node >> 1, last >> 1, height + 1
    return made


@dataclass(frozen=True, slots=True)
class Ladder:
    """The way from a leaf up to the root, drawn: one rung for each step, root on top."""

    width: int
    height: int
    nodes: tuple[Box, ...]
    siblings: tuple[Box, ...]
    arrows: tuple[str, ...]


RUNG, NODE = 44, 24


def ladder(lefts: Sequence[bool]) -> Ladder:
    """The ladder of a proof; `lefts` says for each step whether the sibling is on the left."""
    middle, reach = 150, 96
    top = RUNG * len(lefts)
    nodes = [
        Box(f"n{n}", middle - NODE // 2, top - RUNG * n + 4, NODE, NODE)
        for n in range(len(lefts) + 1)
    ]
    siblings, arrows = [], []
    for n, left in enumerate(lefts):
        x = middle + (-reach if left else reach) - NODE // 2
        sibling = Box(f"s{n}", x, nodes[n].y, NODE, NODE, tone="given")
        siblings.append(sibling)
        arrows += [_up(nodes[n], nodes[n + 1]), _up(sibling, nodes[n + 1])]
    height = top + NODE + 8
    return Ladder(middle * 2, height, tuple(nodes), tuple(siblings), tuple(arrows))


def _up(lower: Box, upper: Box) -> str:
    """A line from a node to the one that is hashed from it."""
    x, y = lower.middle[0], lower.y
    end = upper.middle
    if x == end[0]:
        return f"M{x} {y}V{upper.y + upper.height}"
    side = upper.x + (upper.width if x > end[0] else 0)
    return f"M{x} {y}L{side} {end[1] + 3}"
