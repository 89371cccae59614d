"""Okapi BM25 (Robertson, Walker et al., TREC-3, 1994) over the permitted rows, and over nothing else.

How many passages there are, how many of them hold a token, and how long they are on average: all three are counted anew for
each search among what its reader may see, so that no score tells of anything else.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.retrieval.postings import Postings
from kyozon.retrieval.tokens import Keys

Floats = NDArray[np.float32]


class Bm25(Struct, frozen=True):
    """How soon a token's repetition stops to count, and how much a passage's length does."""

    saturation: float = 0.7
    length: float = 0.65


class Lexical(Struct, frozen=True):
    """The score of each row, 0 for what is not permitted; and the most that a passage could have scored."""

    scores: Floats
    ideal: float


def scores(
    segments: Sequence[Postings], permitted: NDArray[np.bool_], lengths: NDArray[np.int32], wanted: Keys, how: Bm25
) -> Lexical:
    """`lengths` are the tokens of each row. A row's score depends on it, the query and the permitted rows alone."""
    found = np.zeros(len(permitted), np.float32)
    passages = int(np.count_nonzero(permitted))
    if not passages:
        return Lexical(found, 0.0)
    average = int(lengths[permitted].sum(dtype=np.int64)) / passages
    norms = (how.saturation * (1 - how.length + how.length / max(average, 1.0) * lengths)).astype(np.float32)
    everything = passages == len(permitted)
    ideal = 0.0
    # In ascending order of the tokens: sums of floats are the same only when they are taken in the same order.
    tokens, times = np.unique(wanted, return_counts=True)
    for places, repeated in zip(_places(segments, tokens), times.tolist(), strict=True):
        met = []
        for some, counts in places:
            rows = some.astype(np.intp)  # once: each use as an index would do it again
            seen = None if everything else permitted.take(rows)
            met.append((rows, counts) if seen is None else (rows[seen], counts[seen]))
        frequency = sum(len(rows) for rows, _ in met)
        weight = repeated * float(np.log1p((passages - frequency + 0.5) / (frequency + 0.5)))
        ideal += weight
        for rows, counts in met:
            often = counts.astype(np.float32)
            np.add.at(found, rows, np.float32(weight) * often / (often + norms.take(rows)))
    return Lexical(found, ideal)


def _places(segments: Sequence[Postings], tokens: Keys) -> Any:
    """For each token the rows and counts in each segment that has it."""
    found = [(segment, *segment.find(tokens)) for segment in segments]
    for number in range(len(tokens)):
        yield [
            (segment.rows[begins[number] : ends[number]], segment.counts[begins[number] : ends[number]])
            for segment, begins, ends in found
            if begins[number] < ends[number]
        ]
