import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.models import ModelCard
from kyozon.routing.estimating.contents import decoded, encoded, packed
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.trainers.quality.boosting import Growth, boosted, forest_of, said
from kyozon.trainers.quality.fitting import Options, fit
from kyozon.trainers.quality.observations import Observation
from kyozon.trainers.quality.panels import FEWEST
from tests.unit.trainers.quality.world import KINDS, LENGTHS, QUICK, draw, observations, text_of


@pytest.fixture(scope="module")
def model() -> QualityModel:
    return fit(list(observations(300)), QUICK)


def card(name: str) -> ModelCard:
    return ModelCard(name, "somebody", name, "external")


@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_how_good_each_model_is_at_each_kind_of_prompt(model: QualityModel, kind: str) -> None:
    for name, chance in KINDS[kind][1].items():
        said = [model.expected(model.look(text_of(kind, number)), name).quality for number in range(1000, 1020)]

        assert abs(float(np.mean(said)) - chance) < 0.12


def test_the_interval_holds_the_true_chance(model: QualityModel) -> None:
    held = []
    for kind, (_, chances) in KINDS.items():
        for name, chance in chances.items():
            estimate = model.expected(model.look(text_of(kind, 2000)), name)
            assert estimate.low <= estimate.quality <= estimate.high
            held.append(estimate.low <= chance <= estimate.high)

    assert sum(held) >= 7


def test_it_finds_how_long_answers_are(model: QualityModel) -> None:
    for kind, length in LENGTHS.items():
        seen = model.look(text_of(kind, 1001))
        for name, times in (("weak", 1), ("strong", 2)):
            tokens = model.expected(seen, name).output_tokens

            assert tokens is not None
            assert math.log(tokens) == pytest.approx(math.log(length * times), abs=0.35)


def test_a_prompt_unlike_anything_known_has_little_support(model: QualityModel) -> None:
    like = model.look(text_of("sums", 1001)).support
    unlike = model.look("拝啓　貴社ますますご清栄のこととお慶び申し上げます。議事録を要約してください。").support

    assert unlike < 0.2
    assert like > 0.5


def test_the_same_observations_give_the_same_bytes(model: QualityModel) -> None:
    again = fit(list(observations(300)), QUICK)

    assert again.write() == model.write()
    assert again.version == model.version


def test_what_is_written_reads_back_and_says_the_same(model: QualityModel) -> None:
    again = QualityModel.read(model.write())
    text = text_of("proofs", 1005)

    assert again.version == model.version
    assert again.expected(again.look(text), "weak") == model.expected(model.look(text), "weak")


def test_an_unknown_model_gets_a_wide_interval(model: QualityModel) -> None:
    seen = model.look(text_of("sums", 1002))
    known, unknown = model.expected(seen, "middle"), model.estimate(seen, card("never heard of"))

    assert unknown.high - unknown.low > 2 * (known.high - known.low)


def test_reasons_are_named_without_words_of_the_prompt(model: QualityModel) -> None:
    estimate = model.expected(model.look("Add the numbers 3 and Zanzibar."), "weak")

    assert {name.split()[0] for name, _ in estimate.reasons} <= {"difficulty", "ability", "domain"}
    assert "zanzibar" not in repr(estimate.reasons).lower()


def test_trees_walked_as_arrays_say_what_lightgbm_says() -> None:
    features = np.array([[draw("f", row, column) for column in range(5)] for row in range(400)], dtype=np.float32)
    target = (features[:, 0] > 0.5) * 0.5 + features[:, 1] * 0.4
    growth = Growth(rounds=20, rate=0.1, leaves=7, least=5, bags=2)
    trees = boosted(features, target.astype(np.float64), growth, "cross_entropy")
    forest = forest_of([trees, trees[:1]])
    walked = np.stack([forest.sums(row) for row in features[:50]])

    assert np.abs(walked[:, 0] - said(trees, features[:50])).max() < 1e-4
    assert np.abs(walked[:, 1] - said(trees[:1], features[:50])).max() < 1e-4


def test_vectors_are_used_where_there_are_any() -> None:
    def with_vector(each: Observation, hint: float) -> Observation:
        vector = np.array([draw(each.text, place) for place in range(384)], dtype=np.float32) * 0.01
        vector[0] = hint
        return Observation(each.text, each.domain, each.results, vector, each.fold)

    def seen(count: int) -> list[Observation]:
        plain = [
            Observation(f"question {number} of a kind", "one", {"m": (float(number % 2), 5)}) for number in range(count)
        ]
        return [with_vector(each, float(number % 2)) for number, each in enumerate(plain)]

    model = fit(seen(300), Options(anchors=("m",), growth=QUICK.growth, folds=3, least_results=50))
    good, bad = (seen(301)[place].vector for place in (299, 300))
    assert good is not None
    assert bad is not None
    with_good = model.expected(model.look("question of a kind", good.tolist()), "m").quality
    with_bad = model.expected(model.look("question of a kind", bad.tolist()), "m").quality
    without = model.expected(model.look("question of a kind"), "m").quality

    assert with_bad + 0.3 < without < with_good - 0.2


@pytest.mark.parametrize(
    ("poisoned", "says"),
    [
        ([], "nothing to learn"),
        ([Observation("a", "d", {})], "no observation holds a result"),
        ([Observation("a", "d", {"m": (math.nan, None)})], "observation 0: the score of m is nan"),
        ([Observation("a", "d", {"m": (1.5, None)})], "must be a number from 0 to 1"),
        ([Observation("a", "d", {"m": (1.0, -3)})], "cannot have answered in -3 tokens"),
        ([Observation("a", "d", {"m": (1.0, 3)}, np.zeros(3, dtype=np.float32))], "384 finite numbers"),
    ],
)
def test_what_cannot_be_learnt_from_is_named(poisoned: list[Observation], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit(poisoned)


def test_an_anchor_without_results_is_named() -> None:
    with pytest.raises(ValueError, match="anchor nobody"):
        fit(list(observations(5)), Options(anchors=("nobody",)))


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=300), times=st.integers(1, 40))
def test_it_looks_at_any_text(model: QualityModel, text: str, times: int) -> None:
    seen = model.look(text * times)
    estimate = model.expected(seen, "strong")

    assert 0 <= estimate.low <= estimate.quality <= estimate.high <= 1
    assert 0 <= estimate.support <= 1


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_a_damaged_file_is_refused_or_still_answers(model: QualityModel, place: int, value: int, cut: int) -> None:
    raw = bytearray(model.write())
    raw[place % len(raw)] = value
    try:
        read = QualityModel.read(bytes(raw[: len(raw) - cut]))
    except ValueError:
        return
    assert 0 <= read.expected(read.look("Add 2 and 3."), read.names[0]).quality <= 1


def test_a_file_that_no_fit_wrote_is_refused() -> None:
    contents = decoded(fit(list(observations(FEWEST)), QUICK).write())  # enough for panels, too
    arrays = dict(contents.arrays)

    def refused(**change: object) -> str:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the messages are compared below
            QualityModel.read(encoded(msgspec.structs.replace(contents, **change)))
        return str(error.value)

    roots = np.full(3, 10**6, dtype=np.int32)
    assert "format 99" in refused(format=99)
    assert "no quality model" in refused(format="x")
    assert "should be an array" in refused(arrays={name: part for name, part in arrays.items() if name != "rarity"})
    assert "should be an array" in refused(domains=("only one",))
    assert "outside its forest" in refused(arrays=arrays | {"tiers roots": packed(roots)})
    assert "two members" in refused(arrays=arrays | {"panel members": packed(np.full((3, 2), 2, dtype=np.uint8))})
    assert "no number" in refused(arrays=arrays | {"usual": packed(np.full(3, np.nan, dtype="<f4"))})
    assert "cut short" in refused(arrays=arrays | {"usual": msgspec.structs.replace(arrays["usual"], raw=b"12")})
