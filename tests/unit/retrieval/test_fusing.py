"""One order out of two lists."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kyozon.retrieval.fusing import Candidates, Fusion, fused

NOTHING = float("nan")


def of(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def test_where_the_words_cover_the_query_both_count() -> None:
    found = Candidates(of(8, 6, 0), 10.0, (of(0.80, 0.90, 0.70),))
    scores = fused(found, None, Fusion(dense=0.5, covered=0.5))
    assert scores.tolist() == pytest.approx([0.5 + 0.25, 0.5 * 0.75 + 0.5, 0.0])


def test_words_that_cover_hardly_anything_hardly_count() -> None:
    found = Candidates(of(0.4, 0.0), 10.0, (of(0.80, 0.81),))
    assert np.argmax(fused(found, None)) == 1
    assert np.argmax(fused(found, 0.3)) == 0  # whoever names a weight gets it


def test_what_has_no_vector_is_ordered_by_its_words() -> None:
    found = Candidates(of(5, 4, 9), 10.0, (of(0.9, 0.8, NOTHING),))
    assert fused(found, 1.0).tolist() == [1.0, 0.0, 0.0]
    assert fused(Candidates(of(5, 4), 10.0, (of(NOTHING, NOTHING),)), None).tolist() == [1.0, 0.0]
    assert fused(Candidates(of(5, 4), 10.0, ()), 1.0).tolist() == [1.0, 0.0]


def test_scales_of_two_embedders_are_not_mixed() -> None:
    found = Candidates(of(0, 0, 0, 0), 10.0, (of(0.9, 0.8, NOTHING, NOTHING), of(NOTHING, NOTHING, 0.3, 0.2)))
    assert fused(found, 1.0).tolist() == [1.0, 0.0, 1.0, 0.0]


def test_below_the_floor_there_are_no_differences() -> None:
    found = Candidates(of(0, 0, 0, 0), 10.0, (of(0.9, 0.8, 0.3, 0.2),))
    assert fused(found, 1.0, Fusion(floor=2)).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert fused(Candidates(of(3), 10.0, (of(0.2),)), 1.0).tolist() == [1.0]
