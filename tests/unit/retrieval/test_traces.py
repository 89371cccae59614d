"""What removed documents leave in an index until compaction, and that nothing of it is there once it is erased."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.retrieval.index import Index
from kyozon.retrieval.tokens import keys
from tests.unit.retrieval.worlds import Paper, Passage, paper, put, search

TRAVEL = Paper("doc_travel", (Passage("出張の宿泊費は一万円までとする。", ((1.0, 0.0),)),))
LEAVE = Paper("doc_leave", (Passage("有給休暇は半日単位で取得できる。", ((0.0, 1.0),)),))
SECRET = Paper("doc_secret", (Passage("役員の賞与は極秘である。", ((0.5, 0.25), (0.25, 0.5))),))


def erase(index: Index) -> None:
    traces = index.traces()
    assert traces is not None
    index.erase(traces, traces.erased())


def stand_in(index: Index, *papers: Paper) -> tuple[int, int]:
    """In how many rows words of these papers stand, and how many vectors there are that are not blank."""
    wanted = np.concatenate([keys(passage.text) for one in papers for passage in one.passages])
    words = [ends - begins for begins, ends in (part.find(wanted) for part in index._segments)]
    vectors = [one._exact.view.any(axis=1) | one._coarse.view.any(axis=1) for one in index._vectors.values()]
    return int(np.sum(words)), int(np.sum(vectors))


def test_nothing_is_left_of_what_was_removed_and_the_rest_is_found_as_before() -> None:
    index = put(Index(), TRAVEL, SECRET, LEAVE)
    alone = put(Index(), TRAVEL, LEAVE)
    index.remove("doc_secret")
    found = search(index, "宿泊費の上限", (1.0, 0.0))
    assert stand_in(index, SECRET)[0] > stand_in(alone, SECRET)[0]
    assert stand_in(index, SECRET)[1] == 4

    erase(index)

    assert search(index, "宿泊費の上限", (1.0, 0.0)) == found == search(alone, "宿泊費の上限", (1.0, 0.0))
    assert stand_in(index, SECRET) == stand_in(alone, SECRET)
    assert index.traces() is None
    assert len(index) == 2


def test_what_could_not_be_erased_is_told_again() -> None:
    index = put(Index(), TRAVEL, SECRET)
    index.remove("doc_secret")
    assert index.traces() is not None  # and memory was short, say, where they should have been made anew
    erase(index)
    assert stand_in(index, SECRET)[0] == stand_in(put(Index(), TRAVEL), SECRET)[0]
    assert index.traces() is None


def test_where_everything_was_removed_nothing_is_left_and_more_may_come() -> None:
    index = put(Index(), SECRET)
    index.remove("doc_secret")
    erase(index)
    assert stand_in(index, SECRET) == (0, 0)
    assert search(index, "賞与") == ()
    put(index, TRAVEL, SECRET)
    assert [one.document for one in search(index, "役員の賞与")] == ["doc_secret"]


def test_where_nothing_was_removed_there_is_nothing_to_do() -> None:
    index = put(Index(), TRAVEL)
    assert index.traces() is None
    index.remove("doc_elsewhere")
    assert index.traces() is None
    put(index, TRAVEL)  # in its own place
    assert index.traces() is not None


def _merged(index: Index) -> None:
    put(index, *(paper(f"doc_{number}", "宿泊費の規程、賞与の規程") for number in range(20)))
    search(index, "規程")


def _removed(index: Index) -> None:
    index.remove("doc_leave")


@pytest.mark.parametrize("happens", [_merged, _removed, Index.compact, Index.settle])
def test_whatever_happens_while_it_is_erased_beside_is_kept_and_erased_the_next_time(
    happens: Callable[[Index], None],
) -> None:
    index, alone = (put(Index(), TRAVEL, SECRET, LEAVE) for _ in range(2))
    for one in (index, alone):
        one.remove("doc_secret")
    traces = index.traces()
    assert traces is not None
    happens(index)
    happens(alone)
    index.erase(traces, traces.erased())
    assert search(index, "宿泊費と賞与と休暇", (1.0, 0.0)) == search(alone, "宿泊費と賞与と休暇", (1.0, 0.0))

    if (left := index.traces()) is not None:
        index.erase(left, left.erased())
    alone.compact()
    assert stand_in(index, SECRET, LEAVE) == stand_in(alone, SECRET, LEAVE)
    assert search(index, "宿泊費と賞与と休暇", (1.0, 0.0)) == search(alone, "宿泊費と賞与と休暇", (1.0, 0.0))


texts = st.lists(st.sampled_from(["宿泊", "賞与", "の規程", "leave"]), min_size=1, max_size=4).map("".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.data())
def test_erased_and_compacted_an_index_says_the_same(words: list[str], data: st.DataObject) -> None:
    papers = [paper(f"doc_{number}", text) for number, text in enumerate(words)]
    erased, compacted = Index(), Index()
    for one in papers:
        put(erased, one)
        put(compacted, one)
        if data.draw(st.booleans()):
            search(erased, "規程")
    for one in data.draw(st.lists(st.sampled_from(papers), min_size=1, unique_by=lambda one: one.name)):
        erased.remove(one.name)
        compacted.remove(one.name)
    erase(erased)
    compacted.compact()
    assert stand_in(erased, *papers) == stand_in(compacted, *papers)
    assert search(erased, "宿泊の規程") == search(compacted, "宿泊の規程")
