import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.models import ModelCard
from kyozon.routing.estimating.contents import packed
from kyozon.routing.estimating.joining import Result, joined
from kyozon.routing.estimating.quality_model import QualityModel
from tests.unit.routing.estimating.known_world import STRONG, card, model, prompts, score
from tests.unit.trainers.quality.world import KINDS, text_of


def results(name: str, chances: dict[str, float], count: int = 20, tokens: int | None = None) -> list[Result]:
    return [
        Result(text, score(name, kind, number, chances[kind]), tokens) for kind, number, text in prompts(3000, 3000 + count)
    ]


def expected(known: QualityModel, new: ModelCard, kind: str) -> tuple[float, float]:
    found = known.estimate(known.look(text_of(kind, 1002)), new)
    return found.quality, found.high - found.low


def test_a_new_model_joins_by_its_results() -> None:
    able, feeble = card("able-1"), card("feeble-1")
    better = joined(model(), able, results("able", STRONG))
    worse = joined(model(), feeble, [structs.replace(each, score=0.0) for each in results("feeble", STRONG)])
    before, wide = expected(model(), able, "proofs")
    after, narrow = expected(better, able, "proofs")

    assert after > before > expected(worse, feeble, "proofs")[0]
    assert narrow < wide
    assert better.estimate(better.look(text_of("sums", 1)), able).measured
    assert better.version != model().version
    assert "able-1" not in model().names


def test_many_results_come_near_the_truth_and_leave_little_open() -> None:
    able = card("able-1")
    known = {count: joined(model(), able, results("able", STRONG, count)) for count in (4, 100)}
    few, many = ([expected(known[count], able, kind) for kind in KINDS] for count in (4, 100))

    assert all(abs(quality - STRONG[kind]) < 0.1 for kind, (quality, _) in zip(KINDS, many, strict=True))
    assert sum(width for _, width in many) < 0.5 * sum(width for _, width in few)


def test_results_add_to_what_is_known_and_never_replace_it() -> None:
    strong = card("strong")
    bad = [structs.replace(each, score=0.0) for each in results("strong", STRONG, 5)]
    after = joined(model(), strong, bad)
    known = {each.name: each for each in model().contents.models}["strong"]
    moved = {each.name: each for each in after.contents.models}["strong"]

    assert (moved.anchor, moved.place, moved.effects, moved.tokens) == (
        known.anchor,
        known.place,
        known.effects,
        known.tokens,
    )
    assert expected(after, strong, "proofs")[0] < expected(model(), strong, "proofs")[0]
    again = joined(after, strong, bad)
    assert expected(again, strong, "proofs")[0] < expected(after, strong, "proofs")[0]


def test_how_long_answers_are_is_learnt_where_it_is_known() -> None:
    able = card("able-1")
    seen = model().look(text_of("sums", 1003))
    usual = model().estimate(seen, able).output_tokens
    talkative = joined(model(), able, results("able", STRONG, tokens=2000)).estimate(seen, able).output_tokens
    silent = joined(model(), able, results("able", STRONG)).estimate(seen, able).output_tokens

    assert usual is not None
    assert talkative is not None
    assert talkative > 3 * usual
    assert silent == usual


def test_a_file_without_anything_learnt_stays_as_it_was_to_the_byte() -> None:
    again = QualityModel.read(model().write())

    assert again.write() == model().write()
    assert b"learnt" not in model().write()
    after = joined(model(), card("strong"), results("strong", STRONG, 5))
    assert QualityModel.read(after.write()).version == after.version


def test_what_is_learnt_must_be_one_number_for_each_domain() -> None:
    contents = model().contents
    wrong = structs.replace(contents.models[0], learnt=packed(np.zeros(99, dtype="<f4")))

    with pytest.raises(ValueError, match="one for each domain"):
        QualityModel(structs.replace(contents, models=(wrong, *contents.models[1:])))


@pytest.mark.parametrize(
    ("given_", "says"), [([], "no result"), ([Result("a", 1.5)], "0 to 1"), ([Result("a", math.nan)], "0 to 1")]
)
def test_what_is_no_result_is_refused(given_: list[Result], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        joined(model(), card("able-1"), given_)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1)), min_size=1, max_size=12),
    st.sampled_from(["able-1", "strong"]),
)
def test_any_results_leave_an_estimate(pairs: list[tuple[str, float]], name: str) -> None:
    known = joined(model(), card(name), [Result(text, score) for text, score in pairs])
    found = known.estimate(known.look("Add the numbers 3 and 4."), card(name))

    assert 0 <= found.low <= found.quality <= found.high <= 1
    assert known.version == joined(model(), card(name), [Result(text, score) for text, score in pairs]).version
