"""Two worlds that differ only in what a reader may not see give him the same result, byte for byte, scores included."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.knowledge import Attributes, Comparison, Filter
from kyozon.retrieval.fusing import Fusion
from kyozon.retrieval.index import Index
from tests.unit.retrieval.worlds import OPEN, SHUT, Paper, Passage, paper, put, search

WORDS = ("有給", "休暇", "宿泊費", "上限", "申請", "travel", "leaves", "2026年", "の", "会社の宿泊")
numbers = st.floats(-1, 1, width=16).filter(lambda number: abs(number) > 0.01)
vectors = st.tuples(numbers, numbers, numbers)
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map("".join)
passages = st.builds(Passage, texts, st.lists(vectors, max_size=2).map(tuple))
several = st.lists(passages, min_size=1, max_size=3).map(tuple)
values: st.SearchStrategy[str | float | bool] = st.sampled_from([1.0, 2.0, "x", True])
attributes: st.SearchStrategy[Attributes] = st.dictionaries(st.sampled_from(["year", "unit"]), values, max_size=2)
CONDITION = Comparison("year", "in", (1.0, True))


@st.composite
def shut_out(draw: st.DrawFn, name: str) -> Paper:
    """A document that the reader may not see, for one of the reasons that there are."""
    bound = draw(
        st.sampled_from(
            [("vs_theirs", OPEN, frozenset()), ("vs_mine", SHUT, frozenset()), ("vs_mine", OPEN, frozenset({"user:eve"}))]
        )
    )
    return Paper(name, draw(several), *bound, draw(attributes))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Paper], list[Paper]]:
    seen = [Paper(f"doc_{at}", draw(several), attributes=draw(attributes)) for at in range(draw(st.integers(1, 6)))]
    hidden = [draw(shut_out(f"doc_{at}_hidden")) for at in range(draw(st.integers(1, 6)))]
    return seen, hidden


def told(index: Index, text: str, vector: tuple[float, ...], condition: Filter | None) -> bytes:
    return msgspec.json.encode(search(index, text, vector, condition, most=4))


@settings(max_examples=40, deadline=None)
@given(worlds(), texts, vectors, st.sampled_from([None, CONDITION]), st.randoms(use_true_random=False))
def test_what_may_not_be_seen_has_no_part_in_what_is_found(
    both: tuple[list[Paper], list[Paper]],
    text: str,
    vector: tuple[float, ...],
    condition: Filter | None,
    chance: random.Random,
) -> None:
    seen, hidden = both
    alone = put(Index(fusion=Fusion(candidates=2, floor=3)), *seen)
    expected = told(alone, text, vector, condition)

    mixed = chance.sample([*seen, *hidden], len(seen) + len(hidden))
    beside = Index(fusion=Fusion(candidates=2, floor=3))
    for one in mixed:
        put(beside, one)
        if chance.random() < 0.3:  # which seals a segment of its own
            told(beside, text, vector, condition)
    assert told(beside, text, vector, condition) == expected

    for one in chance.sample(hidden, len(hidden) // 2):
        beside.remove(one.name)
    assert told(beside, text, vector, condition) == expected
    beside.compact()
    assert told(beside, text, vector, condition) == expected


def test_the_test_can_fail() -> None:
    """One that the reader may see does change scores."""
    seen = [paper("doc_a", "宿泊費の上限"), paper("doc_b", "有給休暇の申請と上限")]
    assert told(put(Index(), *seen), "上限", (), None) != told(
        put(Index(), *seen, paper("doc_c", "上限")), "上限", (), None
    )
