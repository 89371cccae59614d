import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.models import ModelCard, Price
from kyozon.routing.estimating.abilities import Ability, departures, narrowed, odds_at, slope_at
from kyozon.routing.estimating.contents import Contents, encoded
from kyozon.routing.estimating.facts import NAMES, Facts, Prior, facts_of, plain_name, row_of
from kyozon.routing.estimating.forest import Forest
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.shape import NAMES as FORM
from kyozon.routing.estimating.shape import shape_of
from kyozon.routing.estimating.words import BUCKETS, LONGEST, buckets_of, codes_of, words_of

TIERS = np.array([-1.0, 0.5, 1.5])


@pytest.fixture(scope="module")
def shipped() -> QualityModel:
    return QualityModel.read(files("kyozon.routing.estimating").joinpath("quality.msgpack").read_bytes())


def card(name: str, output: str | None = None) -> ModelCard:
    prices = () if output is None else (Price(date(2026, 1, 1), Decimal(1), Decimal(output)),)
    return ModelCard(name, "somebody", name, "external", prices=prices)


def test_words_are_runs_of_letters_and_of_digits_and_single_signs() -> None:
    def hashes(text: str) -> list[int]:
        return [int(word) for word in words_of(codes_of(text))]

    assert len(hashes("Hello, world 42!")) == 5
    assert hashes("hello there hello")[0] == hashes("hello there hello")[2]
    assert hashes("HELLO") == hashes("hello")
    assert hashes("42") == hashes("17")
    assert hashes("42") != hashes("421")
    assert len(hashes("四国の県")) == 4
    assert hashes("") == []


@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=200), times=st.integers(1, 100))
def test_any_text_becomes_words_and_a_form(text: str, times: int) -> None:
    codes = codes_of(text * times)
    words = words_of(codes)
    places, counts = buckets_of(words)

    assert len(codes) <= LONGEST
    assert len(set(places.tolist())) == len(places)
    assert all(0 <= place < BUCKETS for place in places.tolist())
    assert (counts >= 1).all()
    assert np.isfinite(shape_of(text * times, codes, len(words))).all()


def test_the_form_counts_the_options_of_a_question() -> None:
    text = "What is it?\nA. one\nB. two\nC. three"
    form = dict(zip(FORM, np.expm1(shape_of(text, codes_of(text), 9)).tolist(), strict=True))

    assert form["options"] == pytest.approx(3, abs=0.01)
    assert form["questions"] == pytest.approx(1, abs=0.01)
    assert form["lines"] == pytest.approx(3, abs=0.01)


def test_an_ability_is_a_place_among_the_tiers() -> None:
    assert [float(odds_at(place, TIERS)) for place in (0, 0.5, 1, 2, 3, -1)] == [-1.0, -0.25, 0.5, 1.5, 2.5, -2.0]
    assert slope_at(0.5, TIERS) == pytest.approx(1.5)


def test_results_narrow_an_ability() -> None:
    tiers = np.tile(TIERS, (200, 1))
    able = narrowed(Ability(1.0, 1.0), tiers, [1.0] * 164 + [0.0] * 36)
    few = narrowed(Ability(1.0, 1.0), tiers[:5], [1.0] * 4 + [0.0])

    assert able.place == pytest.approx(2.0, abs=0.1)
    assert able.spread < few.spread < 1.0
    assert narrowed(Ability(0.7, 0.4), tiers[:0], []).place == pytest.approx(0.7, abs=0.01)


def test_departures_are_drawn_to_none_where_there_is_little() -> None:
    domain = np.array([0] * 200 + [1] * 2)
    effects, counts = departures(domain, np.zeros(202), np.array([1.0] * 180 + [0.0] * 20 + [1.0, 1.0]), 3)

    assert effects[0] == pytest.approx(2.0, abs=0.3)
    assert 0 < effects[1] < 0.6
    assert effects[2] == 0
    assert counts.tolist() == [200, 2, 0]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"),
        ("Meta-Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"),
        ("Meta-Llama-3.1-405B-Instruct@hyperbolic", "llama-3.1-405b-instruct"),
        ("gemini__gemini-2.5-pro", "gemini-2.5-pro"),
        ("groq/gpt-oss-120b", "gpt-oss-120b"),
    ],
)
def test_one_model_has_one_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_facts_are_read_from_a_card_and_its_name() -> None:
    row = dict(zip(NAMES, row_of(facts_of(card("qwen2.5-72b-instruct", "0.9"))), strict=True))
    mixture = dict(zip(NAMES, row_of(Facts("Mixtral-8x7B")), strict=True))

    assert row["priced"] == 1
    assert row["log size"] == pytest.approx(np.log(72))
    assert mixture["log size"] == pytest.approx(np.log(56))
    assert row_of(Facts("gpt-5-mini"))[NAMES.index("called small")] == 1
    assert Prior((5.0, *[0.0] * 8), 0.5).ability(Facts("x")) == Ability(3.5, 0.5)


@pytest.mark.parametrize(
    ("name", "billions"),
    [("smollm2-135m-instruct", 0.135), ("gemma-3-270m", 0.27), ("qwen2.5-14b-instruct-1m", 14), ("m-7", None)],
)
def test_a_size_is_read_from_a_name(name: str, billions: float | None) -> None:
    row = dict(zip(NAMES, row_of(Facts(name)), strict=True))

    assert row["size named"] == (billions is not None)
    assert row["log size"] == pytest.approx(0.0 if billions is None else np.log(billions))


def test_a_forest_that_leads_nowhere_is_found_out() -> None:
    place, value = np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.float32)
    good = Forest(place, value, place, place, value, place, place, depth=1, width=1)

    assert good.trouble(1) is None
    assert good.trouble(0) == "a tree asks for a feature that does not exist"
    assert Forest(place, value, place, place + 9, value, place, place, 1, 1).trouble(1) == "a tree leads outside its forest"
    for nowhere in (9, -1):
        forest = Forest(place, value, place, place, value, place, place + nowhere, 1, 1)
        assert forest.trouble(1) == "a tree has no target"
    assert Forest(place, value[:0], place, place, value, place, place, 1, 1).trouble(1) is not None


def test_the_shipped_file_knows_hard_from_easy_and_strong_from_weak(shipped: QualityModel) -> None:
    easy = shipped.look("Janet has 3 apples and buys 4 more. How many apples does she have?")
    hard = shipped.look(
        "Compute the degree of the splitting field of x^8 - 2 over Q(i).\nA. 4\nB. 8\nC. 16\nD. 32\nAnswer:"
    )
    small, large = card("llama-3.1-8b-instruct"), card("gpt-4o")

    assert shipped.estimate(easy, large).quality > shipped.estimate(hard, large).quality
    assert shipped.estimate(easy, large).quality > shipped.estimate(easy, small).quality
    assert shipped.estimate(hard, large).quality > shipped.estimate(hard, small).quality


def test_the_shipped_file_judges_strangers_by_their_facts(shipped: QualityModel) -> None:
    seen = shipped.look("四国の四つの県を、県庁所在地とともに教えてください。")
    dear, cheap = (shipped.estimate(seen, card(name, price)) for name, price in (("grand-pro", "25"), ("tiny-1b", "0.05")))

    assert dear.quality > cheap.quality
    assert dear.high - dear.low > 0.1


@pytest.mark.parametrize("vector", [[0.0] * 3, [float("nan")] * 384])
def test_a_vector_that_is_none_is_refused(shipped: QualityModel, vector: list[float]) -> None:
    with pytest.raises(ValueError, match="384 finite numbers"):
        shipped.look("What is it?", vector)


def test_the_shipped_file_sees_a_prompt_with_its_vector(shipped: QualityModel) -> None:
    text = "Which planet is the largest?"
    bare, seen = shipped.look(text), shipped.look(text, [0.05] * 384)

    assert seen.support == bare.support
    assert seen.tiers.tolist() != bare.tiers.tolist()
    assert 0 < shipped.estimate(seen, card("gpt-4o")).quality < 1


def test_what_holds_no_words_is_like_nothing_known(shipped: QualityModel) -> None:
    assert [shipped.look(text).support for text in ("", " \n\t")] == [0.0, 0.0]
    assert shipped.look("What is the capital of France?").support > 0


def _anchored(contents: Contents, **changes: object) -> Contents:
    first, *others = contents.models
    return structs.replace(contents, models=(structs.replace(first, **changes), *others))


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda whole: structs.replace(whole, numbers=whole.numbers | {"patience": math.nan}),
        lambda whole: structs.replace(whole, numbers={}),
        lambda whole: structs.replace(whole, prior=whole.prior[1:]),
        lambda whole: structs.replace(whole, prior_spread=math.inf),
        lambda whole: _anchored(whole, anchor=len(whole.anchors)),
        lambda whole: _anchored(whole, place=math.nan),
    ],
)
def test_a_file_whose_estimates_would_fail_is_not_read(
    shipped: QualityModel, spoilt: Callable[[Contents], Contents]
) -> None:
    with pytest.raises(ValueError, match=r"quality model|weights"):
        QualityModel.read(encoded(spoilt(shipped.contents)))


def test_the_shipped_file_is_small_and_holds_no_prompt(shipped: QualityModel) -> None:
    raw = shipped.write()

    assert len(raw) < 4_000_000
    assert b"How many" not in raw
