"""The arithmetic of the audit log's tree: RFC 6962 section 2, in the words of RFC 9162.

A tree of `n` leaves is its largest complete left part of 2^k leaves and the tree of the rest. A *subtree* (level, index)
is complete: it holds the leaves from `index * 2^level` on, 2^level of them. Leaves and nodes are hashed apart (0x00, 0x01),
so that no node can be passed off as a leaf; a salt keeps who knows a leaf's hash from guessing its record.
"""

import hashlib
from collections.abc import Iterable, Sequence

from kyozon.domain.audit import Node, Span

STRIDE = 8
"""Of the nodes only those at every eighth level are kept; the others are 255 hashes away at most."""

Subtree = tuple[int, int]
"""Level and index."""


def leaf_hash(salt: bytes, record: bytes) -> bytes:
    """The commitment to one record, 32 bytes."""
    return hashlib.sha256(b"\x00" + salt + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees that grow smaller from left to right; over nothing it is the hash of nothing."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def subtrees(span: Span) -> list[Subtree]:
    """The complete subtrees that a span consists of, left to right; it begins where a subtree of its size may begin."""
    start, end = span
    found = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> level:
            found.append((level, start >> level))
            start += 1 << level
    return found


def inclusion(position: int, size: int) -> list[Span]:
    """The spans whose hashes lead from a leaf to the root, the leaf's neighbour first; `position` is below `size`."""
    start, end = 0, size
    path: list[Span] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[Span]:
    """The spans whose hashes prove that a tree of size `new` begins with the one of size `old`, which is not empty."""
    start, end, whole = 0, new, True
    path: list[Span] = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    if not whole:
        path.append((start, old))
    return path[::-1]


class Frontier:
    """A growing tree, of which only the complete subtrees at its right edge are remembered."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """`hashes` are those of `subtrees((0, size))`."""
        self.size = size
        self._hashes = list(hashes)

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Append leaves; the nodes to keep that have become complete."""
        kept = []
        hashes = self._hashes
        for leaf in leaves:
            hashes.append(leaf)
            self.size += 1
            level, index = 0, self.size
            while not index & 1:
                right = hashes.pop()
                hashes[-1] = node_hash(hashes[-1], right)
                level, index = level + 1, index >> 1
                if not level % STRIDE:
                    kept.append(Node(level, index - 1, hashes[-1]))
        return kept

    def root(self) -> bytes:
        """The hash over everything so far."""
        return fold(self._hashes)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
