"""What all vectors have in common is taken away before they are compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import Reader
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.retrieval.centring import STRENGTH, Centring, centring
from kyozon.retrieval.directions import KNOWN
from kyozon.retrieval.directory import Entry, Scope
from kyozon.retrieval.index import Index, Piece, Query
from kyozon.retrieval.vectors import normalised

OURS, NUMBERS = "multilingual-e5-small", 384
SCOPE = Scope(Reader("acme", "ann", Clearance(Level.RESTRICTED)), frozenset({"vs"}))


def ours() -> Centring:
    found = centring(OURS, NUMBERS)
    assert found is not None
    return found


def test_of_the_embedder_inside_kyozon_the_common_part_is_known() -> None:
    assert list(KNOWN) == [OURS]
    found = ours()
    assert {part.shape for part in (found.query, found.passage, found.language)} == {(NUMBERS,)}
    assert np.linalg.norm(found.language) == pytest.approx(1, abs=1e-3)
    assert 0.8 < np.linalg.norm(found.query) < 1  # they all point nearly the same way
    assert 0.8 < np.linalg.norm(found.passage) < 1


@pytest.mark.parametrize(("embedder", "dimensions"), [("text-embedding-3-small", NUMBERS), (OURS, 256)])
def test_vectors_of_others_are_compared_as_they_are(embedder: str, dimensions: int) -> None:
    assert centring(embedder, dimensions) is None


@given(st.integers(0, 2**32 - 1))
def test_no_language_is_left_and_most_of_the_mean_is_gone(seed: int) -> None:
    known = ours()
    vectors = normalised(known.passage + np.random.default_rng(seed).normal(0, 0.01, (3, NUMBERS)).astype(np.float32))
    centred = known.of(vectors, "passage")
    assert np.abs(centred @ known.language).max() < 1e-3
    mean = normalised((known.passage - (known.passage @ known.language) * known.language)[None, :])[0]
    before, after = vectors @ mean, centred @ mean
    assert (after < before - 0.9 * STRENGTH * float(known.passage @ mean)).all()


def test_a_passage_that_is_near_to_everything_stands_behind_one_that_is_near_to_this() -> None:
    """A hub: hardly anything but the common part. As the embedder gives it, it is the nearest to nearly all queries."""
    known, draw = ours(), np.random.default_rng(7)
    subject = normalised(draw.normal(0, 1, (1, NUMBERS)).astype(np.float32))[0]
    hub = normalised(known.passage[None, :])[0]
    beside = normalised(draw.normal(0, 1, (1, NUMBERS)).astype(np.float32))[0]
    meant = normalised((known.passage + 0.5 * subject + 0.3 * beside)[None, :])[0]
    query = normalised((known.query + 0.25 * subject)[None, :])[0]
    assert query @ hub > query @ meant
    index = Index()
    for name, vector in (("hub", hub), ("meant", meant)):
        piece = Piece(0, "…", OURS, 1, vector.astype("<f2").tobytes())
        index.put(Entry(name, "vs", Label(), frozenset(), {}), [piece])
    assert index.search(Query("？", {OURS: query}), SCOPE)[0].document == "meant"
