"""Postings against what they stand for: which rows hold a token, and how often."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kyozon.retrieval.postings import Postings, merged, renumbered, sealed

rows = st.lists(st.lists(st.integers(1, 6), max_size=6), max_size=6)


def made(first: int, tokens: Sequence[Sequence[int]]) -> Postings:
    """A segment, whose tokens come in no order."""
    pairs = sorted(((token, row) for row, held in enumerate(tokens) for token in held), key=lambda pair: pair[0] * 7 % 5)
    keys, owners = [token for token, _ in pairs], [row for _, row in pairs]
    return sealed(first, np.array(keys, np.uint64), np.array(owners, np.int64))


def told(part: Postings) -> dict[int, list[tuple[int, int]]]:
    """The rows of each token, with how often it stands in them, in their order."""
    stretches = zip(part.keys.tolist(), part.starts[:-1].tolist(), part.starts[1:].tolist(), strict=True)
    assert len(part) == part.starts[-1] == len(part.counts)
    return {
        key: list(zip(part.rows[begin:end].tolist(), part.counts[begin:end].tolist(), strict=True))
        for key, begin, end in stretches
    }


def expected(tokens: Mapping[int, Sequence[int]]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, held in sorted(tokens.items()):
        for token, times in Counter(held).items():
            found[token].append((row, times))
    return dict(sorted(found.items()))


@given(st.lists(rows, min_size=1, max_size=4), st.data())
def test_sealed_merged_and_renumbered_they_say_what_is_there(several: list[list[list[int]]], data: st.DataObject) -> None:
    parts: list[Postings] = []
    there: dict[int, list[int]] = {}
    for tokens in several:
        parts.append(made(len(there), tokens))
        there |= dict(enumerate(tokens, len(there)))
    whole = merged(parts)
    assert told(whole) == expected(there)
    assert (np.diff(whole.keys.astype(np.int64)) > 0).all()

    kept = data.draw(st.sets(st.sampled_from(sorted(there)) if there else st.nothing()))
    new = np.full(len(there), -1, np.int32)
    new[sorted(kept)] = np.arange(len(kept))
    assert told(renumbered(whole, new)) == expected({int(new[row]): there[row] for row in kept})


def test_what_stands_in_a_row_very_often_stands_there_very_often() -> None:
    assert told(made(3, [[9] * 300])) == {9: [(3, 255)]}
