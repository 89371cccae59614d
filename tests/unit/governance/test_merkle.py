"""Against the definitions of RFC 6962, section 2.1, written down as they stand there."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.governance.merkle import STRIDE, Frontier, consistency, fold, inclusion, leaf_hash, node_hash, subtrees
from kyozon.storage.audit.verifier import grown, included


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(count)]


def root(hashes: list[bytes]) -> bytes:
    """MTH(D[n])."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root(hashes[:split]), root(hashes[split:]))


def test_the_known_roots_of_rfc_6962() -> None:
    # The test vectors of the reference implementation: no leaf, and one empty leaf without a salt.
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"", b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("size", [*range(34), 255, 256, 257, 700])
def test_the_frontier_has_the_root_of_the_definition(size: int) -> None:
    tree = Frontier()
    tree.extend(leaves(size))
    assert (tree.size, tree.root()) == (size, root(leaves(size)))


@given(st.lists(st.integers(0, 300), max_size=6))
def test_however_leaves_come_the_same_nodes_are_kept(parts: list[int]) -> None:
    tree, kept = Frontier(), []
    hashes = leaves(sum(parts))
    start = 0
    for part in parts:
        kept += tree.extend(hashes[start : start + part])
        start += part
    assert kept == Frontier().extend(hashes)
    width = 1 << STRIDE
    assert [(node.level, node.index) for node in kept] == [(STRIDE, index) for index in range(len(hashes) // width)]
    assert all(node.hash == root(hashes[node.index * width : (node.index + 1) * width]) for node in kept)


@given(st.integers(1, 400).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_a_path_leads_to_the_root_and_no_other_leaf_does(place: tuple[int, int]) -> None:
    position, size = place
    hashes = leaves(size)
    path = [root(hashes[slice(*span)]) for span in inclusion(position, size)]
    assert included(position, size, hashes[position], path) == root(hashes)
    assert included(position, size, b"\0" * 32, path) != root(hashes)
    assert len(path) <= (size - 1).bit_length()


@given(st.integers(1, 400).flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new))))
def test_a_grown_log_is_proved_and_another_one_is_not(sizes: tuple[int, int]) -> None:
    old, new = sizes
    hashes = leaves(new)
    before = root(hashes[:old])
    path = [root(hashes[slice(*span)]) for span in consistency(old, new)]
    assert grown(old, new, before, path) == (before, root(hashes))
    if path:
        wrong = [b"\0" * 32, *path[1:]]
        assert grown(old, new, before, wrong) != (before, root(hashes))


@given(st.integers(0, 12).flatmap(lambda level: st.tuples(st.integers(0, 3), st.integers(1, 1 << level), st.just(level))))
def test_a_span_is_its_complete_subtrees(span: tuple[int, int, int]) -> None:
    index, length, level = span
    start = index << level
    found = subtrees((start, start + length))
    assert [start for start, _ in _bounds(found)] == [start, *[end for _, end in _bounds(found)][:-1]]
    assert _bounds(found)[-1][1] == start + length
    if start + length <= 600:
        hashes = leaves(start + length)
        assert fold([root(hashes[slice(*bounds)]) for bounds in _bounds(found)]) == root(hashes[start:])


def _bounds(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(index << level, (index + 1) << level) for level, index in found]
