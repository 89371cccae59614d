"""Learning from judgements: what moves, what does not, and that routing is the better for it."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate
from kyozon.routing.estimating.judgements import Judgement
from kyozon.routing.estimating.learning import FEWEST, learnt, spreads_of
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.shifts import Scores, Spreads, shifts_of
from kyozon.routing.measured import loss, surest
from tests.unit.routing.estimating.known_world import STRONG, card, model, prompts
from tests.unit.trainers.quality.world import KINDS, draw

CHANCES: Mapping[str, Mapping[str, float]] = {
    "able-1": STRONG,
    **{name: {kind: KINDS[kind][1][name] for kind in KINDS} for name in ("weak", "strong")},
}
CARDS = {"able-1": card("able-1", "1"), "weak": card("weak", "0.5"), "strong": card("strong", "20")}
EXPLORE = 0.3


def estimates(known: QualityModel, text: str) -> dict[str, Estimate]:
    seen = known.look(text)
    return {name: known.estimate(seen, each) for name, each in CARDS.items()}


def chosen(found: Mapping[str, Estimate]) -> str:
    """The best trade at `economy`, as the router weighs it."""
    best = surest(list(found.values()))
    return min(found, key=lambda name: loss(found[name], best) + 0.2 * price(CARDS[name]) / 20)


def price(one: ModelCard) -> float:
    return float(one.prices[0].output)


def traffic(known: QualityModel, strictness: float = 0.0) -> list[Judgement]:
    """What people say of answers: one in three is judged, one in ten judgements is wrong."""
    found = []
    for kind, number, text in prompts(5000, 6500):
        told = estimates(known, text)
        name, chance, drawn = chosen(told), 1 - EXPLORE, draw("explore", kind, number) < EXPLORE
        if drawn:
            others = [other for other in CARDS if other != name]
            name, chance = others[int(draw("which", kind, number) * len(others))], EXPLORE / len(others)
        if draw("answers", kind, number) > 1 / 3:
            continue
        good = draw(name, kind, number) < CHANCES[name][kind] - strictness
        said = float(good != (draw("wrong", kind, number) < 0.1))
        domain = known.contents.domains[int(known.look(text).domains.argmax())]
        odds = math.log(told[name].quality / (1 - told[name].quality))
        found.append(Judgement(name, domain, odds, said, 1.0, chance, drawn, frozenset({("key", str(number % 7))})))
    return found


def routed(known: QualityModel) -> tuple[float, float]:
    """Mean chance of a good answer and mean cost of requests never judged."""
    picks = [(chosen(estimates(known, text)), kind) for kind, _, text in prompts(8000, 8040)]
    return float(np.mean([CHANCES[name][kind] for name, kind in picks])), float(
        np.mean([price(CARDS[name]) for name, _ in picks])
    )


@pytest.fixture(scope="module")
def judgements() -> list[Judgement]:
    return traffic(model())


def test_routing_gets_better_by_what_is_said(judgements: list[Judgement]) -> None:
    lesson = learnt(model(), CARDS, judgements)
    (quality, cost), (later, cheaper) = routed(model()), routed(lesson.model)

    assert later > quality
    assert cheaper < 0.6 * cost
    moved = {one.model: one for one in lesson.moved}
    assert moved["able-1"].shift > 0.3
    assert abs(moved["strong"].shift) < 0.4


def test_what_is_expected_comes_nearer_the_truth(judgements: list[Judgement]) -> None:
    def error(known: QualityModel) -> float:
        found = [(estimates(known, text)["able-1"], kind) for kind, _, text in prompts(8000, 8010)]
        return float(np.mean([abs(one.quality - STRONG[kind]) for one, kind in found]))

    lesson = learnt(model(), CARDS, judgements)
    narrow, wide = (estimates(each, "Add the numbers 3 and 4.")["able-1"] for each in (lesson.model, model()))

    assert error(lesson.model) < 0.7 * error(model())
    assert narrow.high - narrow.low < wide.high - wide.low
    assert (narrow.measured, wide.measured) == (True, False)


def test_the_same_judgements_teach_the_same_in_any_order(judgements: list[Judgement]) -> None:
    first, again = learnt(model(), CARDS, judgements), learnt(model(), CARDS, judgements)

    assert first.model.write() == again.model.write()
    assert [one.model for one in first.moved] == sorted(one.model for one in first.moved)


def test_what_all_models_have_in_common_moves_none(judgements: list[Judgement]) -> None:
    strict = learnt(model(), CARDS, traffic(model(), strictness=0.3))
    usual = learnt(model(), CARDS, judgements)
    now = {one.model: one.now for one in strict.moved}

    assert strict.strictness < usual.strictness - 0.4
    assert abs(now["strong"] - {one.model: one.now for one in usual.moved}["strong"]) < 0.12


def test_a_model_is_named_as_its_cards_name_it(judgements: list[Judgement]) -> None:
    cards = {name: structs.replace(one, id=f"our-{name}") for name, one in CARDS.items()}
    ours = [structs.replace(one, model=f"our-{one.model}") for one in judgements]
    lesson = learnt(model(), {one.id: one for one in cards.values()}, ours)
    strong = next(one for one in lesson.moved if one.known_as == "strong")

    assert strong.model == "our-strong"
    assert sum(count for _, count, _ in strong.domains) == strong.judgements
    change = sum(count * change for _, count, change in strong.domains) / strong.judgements
    assert change == pytest.approx(strong.now - strong.expected, abs=1e-3)


def test_where_few_were_judged_nothing_moves(judgements: list[Judgement]) -> None:
    few = [one for one in judgements if one.model == "able-1"][: int(FEWEST) - 1]
    lesson = learnt(model(), CARDS, few)

    assert lesson.moved == ()
    assert lesson.unmoved[0][0] == "able-1"
    assert lesson.model is model()
    assert learnt(model(), CARDS, []).moved == ()


def test_what_was_only_seen_teaches_nothing_alone_and_something_beside_what_was_said(judgements: list[Judgement]) -> None:
    """Who is asked most is seen most often to be asked again, however good he is."""
    often = [one for one in judgements if one.model == "strong"] * 5
    seen = [structs.replace(one, score=0.0, weight=0.3) for one in (*often, *judgements)]
    alone = learnt(model(), CARDS, seen)
    assert (alone.moved, alone.strictness) == ((), 0.0)

    said = [one for one in judgements if one.model != "weak"]
    beside = learnt(model(), CARDS, [*said, *seen])
    assert [one.model for one in beside.moved] == ["able-1", "strong"]
    assert beside.moved[0].judgements > learnt(model(), CARDS, said).moved[0].judgements


def test_models_and_domains_that_are_gone_are_passed_over(judgements: list[Judgement]) -> None:
    without = {name: each for name, each in CARDS.items() if name != "able-1"}
    strangers = [Judgement("able-1", "astrology", 0.0, 1.0, 1.0, 1.0, drawn=False, judges=frozenset())] * 50

    assert "able-1" not in {one.model for one in learnt(model(), without, judgements).moved}
    assert learnt(model(), CARDS, strangers).moved == ()


def test_what_was_learnt_before_counts(judgements: list[Judgement]) -> None:
    once = learnt(model(), CARDS, judgements)
    twice = learnt(once.model, CARDS, judgements)
    first, again = ({one.model: one.shift for one in each.moved} for each in (once, twice))
    before, after = ({one.name: one for one in each.contents.models}["strong"] for each in (model(), once.model))
    open_, left = (spreads_of([each], [1.0]) for each in (before, after))

    assert abs(again["able-1"]) < 0.5 * abs(first["able-1"])
    assert (left.own < 0.5 * open_.own).all()
    assert (left.own_domains <= open_.own_domains).all()
    assert left.own_domains.min() < 0.5 * open_.own_domains.min()


def test_a_rarely_drawn_choice_counts_more_and_all_together_no_more_than_they_tell() -> None:
    def judged(score: float, chance: float) -> Judgement:
        return Judgement("able-1", "sums", 0.0, score, 1.0, chance, drawn=False, judges=frozenset())

    even = [judged(1.0, 1.0)] * 40 + [judged(0.0, 1.0)] * 40
    rare = [judged(1.0, 1.0)] * 40 + [judged(0.0, 0.1)] * 40
    (plain,), (weighed,) = (learnt(model(), CARDS, each).moved for each in (even, rare))

    assert weighed.shift < plain.shift
    assert plain.effective == pytest.approx(80)
    assert 40 < weighed.effective < 80


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.floats(-4, 4), st.floats(0, 1)), min_size=1, max_size=60),
    st.floats(0, 4),
)
def test_the_fit_ends_anywhere_and_shrinks(rows: list[tuple[int, int, float, float]], everywhere: float) -> None:
    columns = [np.array(each) for each in zip(*rows, strict=True)]
    scores = Scores(columns[0], columns[1], columns[2], columns[3], np.ones(len(rows)), np.zeros(len(rows)))
    found = shifts_of(scores, Spreads(everywhere, 0.3, 0.1, 0.0, np.full(3, 0.5), np.full((3, 4), 0.5)))

    assert np.isfinite(found.own).all()
    assert np.isfinite(found.own_domains).all()
    assert (found.sure <= math.sqrt(0.5) + 1e-9).all()
    assert {place for place in range(3) if found.own[place]} <= set(columns[0].tolist())
