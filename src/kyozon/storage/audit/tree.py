"""Hashes of the tree from what is kept of it: all leaves, and the nodes at every eighth level."""

from typing import Any

from kyozon.domain.audit import Span
from kyozon.governance.merkle import STRIDE, Frontier, Subtree, fold, subtrees

_LEAVES = "SELECT hash FROM audit_leaf WHERE position >= $1 AND position < $2 ORDER BY position"
_NODES = "SELECT hash FROM audit_node WHERE level = $3 AND index >= $1 AND index < $2 ORDER BY index"
_SIZE = "SELECT coalesce(max(position) + 1, 0) FROM audit_leaf"


async def size(connection: Any) -> int:
    """How many leaves have their place."""
    return int(await connection.fetchval(_SIZE))


async def frontier(connection: Any) -> Frontier:
    """The tree as far as it has grown."""
    whole = await size(connection)
    return Frontier(whole, [await _subtree(connection, found) for found in subtrees((0, whole))])


async def hash_of(connection: Any, span: Span) -> bytes:
    """The hash over a span; raises `LookupError` where parts of it are missing."""
    return fold([await _subtree(connection, found) for found in subtrees(span)])


async def _subtree(connection: Any, subtree: Subtree) -> bytes:
    """From the kept hashes at the nearest level below: 255 at most are joined."""
    level, index = subtree
    base = level - level % STRIDE
    count = 1 << level - base
    first, after = index * count, (index + 1) * count
    query, levels = (_NODES, (base,)) if base else (_LEAVES, ())
    hashes = [row["hash"] for row in await connection.fetch(query, first, after, *levels)]
    if len(hashes) != count:
        raise LookupError(f"{count - len(hashes)} hashes at level {base} between {first} and {after} are missing")
    joined = Frontier()
    joined.extend(hashes)
    return joined.root()
