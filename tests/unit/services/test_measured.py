"""What is expected of each model goes into the choice and onto the record, and the record is enough to choose again."""

import math
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.callers import ApiKey
from kyozon.domain.decisions import Candidate, Decision
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Label, Level
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate, Goal, parse_goal
from kyozon.domain.requests import Needs
from kyozon.services.counterfactuals import counterfactuals, ranked
from kyozon.services.deciding import RECORDED
from kyozon.services.explaining import quality_margin, reasons_of
from kyozon.services.forecasting import Forecaster
from kyozon.services.previewing import preview
from kyozon.services.registry import Registry
from kyozon.services.replaying import replay
from kyozon.services.simulating import Replayer
from kyozon.services.weighing import Query
from tests.fakes.estimator import KnowsThree, Seen
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, IN_HOUSE, FakeInstallation, api_key, ask
from tests.fakes.policies import MemoryPolicies
from tests.fakes.random_requests import busy_installation, decide

EVER = datetime(2000, 1, 1, tzinfo=UTC)
EASY, HARD, STRANGE = "Say hello.", "a hard and hard question", "something unheard-of"


class House(FakeInstallation):
    """One that chooses by what it expects."""

    def __init__(self, **parts: object) -> None:
        self.policies = MemoryPolicies()
        super().__init__(keep=self.policies.keep, **parts)  # type: ignore[arg-type] # whatever the test asks for
        self.policies.book = self.book
        self.estimator = KnowsThree()
        self.measure(self.estimator)

    async def decided(self, text: str = EASY, model: str = "auto", **asked: object) -> Decision:
        """The record of a chat that says `text`."""
        messages = [{"role": "user", "content": text}]
        answered = await self.chat.answer(ask(model, messages=messages, **asked))  # type: ignore[arg-type]
        return self.book.decisions_by_id[answered.decision_id]

    def as_of(self, decision: Decision) -> Registry:
        """What was known when it was decided."""
        return registry_as_of(self.policies.bases[decision.basis])


def of(decision: Decision, model: str) -> Candidate:
    return next(one for one in decision.candidates if one.model == model)


@pytest.mark.parametrize(
    ("text", "quality", "chosen"),
    [
        (EASY, "max", "dear"),
        (EASY, "high", "dear"),
        (EASY, "balanced", "in-house"),
        (EASY, "0.7", "cheap"),
        (HARD, "economy", "dear"),
        (HARD, "0.7", "in-house"),
        (HARD, "0", "cheap"),
        (STRANGE, "0.1", "dear"),
    ],
)
async def test_the_best_trade_for_the_very_request_answers(text: str, quality: str, chosen: str) -> None:
    decision = await House().decided(text, quality=parse_goal(quality))
    assert decision.chosen == chosen


async def test_the_request_goes_before_the_key_and_the_key_before_the_installation() -> None:
    house = House()
    easy_going = structs.replace(api_key(), quality="economy")
    assert (await house.decided()).quality == parse_goal("high")
    assert (await house.decided(key=easy_going)).quality == parse_goal("economy")
    assert (await house.decided(key=easy_going, quality=Goal(0.5))).quality == Goal(0.5)
    house.measure(house.estimator, parse_goal("max"))
    assert (await house.decided()).quality == parse_goal("max")


async def test_the_record_says_what_was_expected_of_every_model() -> None:
    house = House()
    decision = await house.decided(EASY, quality=Goal(0.9), declared=CONFIDENTIAL)
    assert decision.estimator == "three-models"
    dear, chosen = of(decision, "dear"), of(decision, "in-house")
    assert decision.chosen == "in-house"
    assert dear.objections  # its zone is not cleared, and the record shows what that costs in quality
    assert dear.estimate is not None
    assert dear.estimate.quality == 0.95
    assert dear.estimate.reasons == ()
    assert chosen.estimate is not None
    assert (chosen.estimate.low, chosen.estimate.high, chosen.estimate.output_tokens) == (0.89, 0.91, 100)
    assert [name for name, _ in chosen.estimate.reasons] == ["hardness", "length"]


async def test_the_cost_is_that_of_the_expected_answer_and_no_more_than_of_the_longest() -> None:
    house = House()
    long, short = await house.decided(), await house.decided(max_tokens=10)
    price = DEAR.prices[0]
    for decision, output in ((long, 100), (short, 10)):
        expected = (price.input * decision.input_tokens_estimated + price.output * output) / 1_000_000
        assert of(decision, "dear").predicted_cost == expected
        assert decision.held >= expected


async def test_nothing_is_read_where_one_model_was_named() -> None:
    house = House()
    decision = await house.decided(model="cheap")
    assert house.estimator.looked == []
    assert (decision.quality, decision.estimator) == (None, "")
    assert all(one.estimate is None for one in decision.candidates)


async def test_what_is_read_is_what_the_user_asked() -> None:
    house = House()
    await house.decided(HARD)
    assert house.estimator.looked == [HARD]


class Fails(KnowsThree):
    """One that fails at a request, or at a model."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at

    def look(self, text: str) -> Seen:
        """Fails at the request."""
        if self._at == "look":
            raise ZeroDivisionError(text)
        return super().look(text)

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:
        """Fails at a model, or says what is no number."""
        if self._at == "model":
            raise KeyError(card.id)
        found = super().estimate(seen, card)
        return structs.replace(found, low=math.nan) if self._at == "number" else found


@pytest.mark.parametrize("at", ["look", "model", "number"])
async def test_an_estimator_that_fails_abstains(at: str, caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.measure(Fails(at))
    decision = await house.decided("xyzzy hard")
    assert decision.chosen == "cheap"
    assert (decision.quality, decision.estimator) == (None, "")
    assert replay(decision, house.as_of(decision)).same
    assert "requests go by cost" in caplog.text
    assert "xyzzy" not in caplog.text


async def test_a_refusal_is_recorded_with_what_was_expected() -> None:
    house = House()
    house.measure(house.estimator)
    with pytest.raises(NotPermitted):
        await house.chat.answer(ask(declared=Label(Level.RESTRICTED), key=_cleared_for_less()))
    refused = house.book.decisions_by_id[RECORDED.get() or ""]
    assert refused.chosen is None
    assert of(refused, "dear").estimate is not None


async def test_the_record_is_small_and_holds_no_word_of_the_request() -> None:
    decision = await House().decided("xyzzy hard", quality=Goal(0.9))
    assert b"xyzzy" not in msgspec.json.encode(decision)


async def test_a_record_without_the_new_fields_is_still_read() -> None:
    raw = msgspec.to_builtins(await House().decided())
    for name in ("quality", "estimator"):
        del raw[name]
    for candidate in raw["candidates"]:
        del candidate["estimate"]
    del raw["needs"]["quality"]
    old = msgspec.convert(raw, Decision)
    assert (old.quality, old.estimator, old.candidates[0].estimate) == (None, "", None)


@given(seed=st.integers(0, 2**32), share=st.sampled_from((0.0, 0.85, 0.95, 1.0)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_every_decision_comes_out_as_recorded_from_its_record_alone(seed: int, share: float) -> None:
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    policies.book = house.book
    house.measure(KnowsThree(), Goal(share))
    await decide(house, 30, seed)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert proof.different == []
    assert (proof.decisions, proof.unreplayable, proof.same) == (30, 0, 30)


async def test_another_estimate_in_the_record_is_found() -> None:
    house = House()
    decision = await house.decided(EASY, quality=Goal(0.9))
    assert replay(decision, house.as_of(decision)).same
    worse = tuple(
        structs.replace(one, estimate=structs.replace(one.estimate, low=0.1)) if one.rank == 1 and one.estimate else one
        for one in decision.candidates
    )
    forged = structs.replace(decision, candidates=worse)
    assert not replay(forged, house.as_of(decision)).same


@pytest.mark.parametrize("text", [EASY, HARD])
@pytest.mark.parametrize("quality", ["max", "0.93", "economy", "0.2"])
async def test_the_quality_that_would_have_chosen_otherwise_does(text: str, quality: str) -> None:
    house = House()
    decision = await house.decided(text, quality=parse_goal(quality))
    found = [one for one in counterfactuals(decision, house.as_of(decision), most=50) if one.text.en.startswith("quality ")]
    assert found
    for flip in found:
        other = parse_goal(flip.text.en.split()[1])
        again = await house.decided(text, quality=other)
        chosen = ranked(again)[0]
        assert f"{chosen.provider}/{chosen.model}" == flip.after
        # the smallest change: half the way there is not enough
        assert decision.quality is not None
        near = Goal(round(other.share + (decision.quality.share - other.share) / 2, 4))
        assert (await house.decided(text, quality=near)).chosen == decision.chosen


async def test_the_margin_is_how_surely_the_choice_is_good_enough() -> None:
    house = House()
    down = await house.decided(EASY, quality=Goal(0.9))
    assert quality_margin(down) == round(0.89 / 0.94 - 0.9, 4)
    assert quality_margin(await house.decided(EASY, quality=parse_goal("max"))) is None


async def test_whether_auto_would_have_gone_elsewhere_is_not_said_of_a_request_that_was_not_estimated() -> None:
    house = House()
    decision = await house.decided(model="dear")
    texts = [one.text.en for one in counterfactuals(decision, house.as_of(decision), most=50)]
    assert not any(text.startswith("model auto") for text in texts)


async def test_a_forecast_at_the_same_quality_changes_nothing_and_at_a_lower_one_saves() -> None:
    house = House()
    for text in (EASY, EASY, HARD):
        await house.decided(text, quality=parse_goal("max"))
    await house.decided(model="cheap")
    forecaster = Forecaster(house.policies, registry_as_of)
    same = await forecaster.at(parse_goal("max"), EVER)
    assert (same.decisions, same.compared, same.single, same.elsewhere) == (4, 3, 1, 0)
    assert same.cost_before == same.cost_after > 0
    assert same.expected_after == same.expected_before == same.expected_best
    lower = await forecaster.at(parse_goal("balanced"), EVER)
    assert [(move.before, move.after, move.requests) for move in lower.moves] == [("dear", "in-house", 2)]
    assert lower.cost_after < lower.cost_before
    # Two easy ones at a fifth of the price, the hard one as it was.
    assert lower.cost_after == lower.cost_before * (1 + 2 * IN_HOUSE.prices[0].input / DEAR.prices[0].input) / 3
    assert lower.expected_after < lower.expected_best


async def test_money_of_two_currencies_is_never_added_up() -> None:
    yen = structs.replace(IN_HOUSE, prices=(structs.replace(IN_HOUSE.prices[0], currency="JPY"),))
    house = House(cards=(CHEAP, yen, DEAR))
    await house.decided(quality=parse_goal("max"))
    found = await Forecaster(house.policies, registry_as_of).at(parse_goal("balanced"), EVER)
    assert [(move.before, move.after) for move in found.moves] == [("dear", "in-house")]
    assert (found.compared, found.unpriced) == (1, 1)
    assert not found.cost_before + found.cost_after


async def test_decisions_without_estimates_are_counted_and_not_compared() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    policies.book = house.book
    await house.chat.answer(ask())
    found = await Forecaster(policies, registry_as_of).at(Goal(0.5), EVER)
    assert (found.decisions, found.without_estimates, found.compared) == (1, 1, 0)


@pytest.mark.parametrize("quality", ["max", "0.9"])
@pytest.mark.parametrize("label", ["internal", "confidential"])
async def test_a_preview_is_what_is_then_decided(quality: str, label: str) -> None:
    house, key, goal = House(), api_key(), parse_goal(quality)
    declared = Label(Level(label))
    decision = await house.decided(EASY, quality=goal, declared=declared)
    assert decision.needs is not None
    before = preview(house.registry, Query("auto", decision.needs, decision.label, key), lambda: EASY, decision.at)
    assert before.candidates == decision.candidates
    assert (before.chosen, before.reason, before.quality) == (decision.chosen, decision.reason, decision.quality)
    assert reasons_of(before, house.registry).counterfactuals == reasons_of(decision, house.as_of(decision)).counterfactuals


async def test_a_preview_of_what_nobody_may_answer_chooses_nothing() -> None:
    house = House(cards=(CHEAP, DEAR))
    query = Query("auto", Needs("chat"), Label(Level.RESTRICTED), api_key())
    found = preview(house.registry, query, lambda: EASY, EVER)
    assert found.chosen is None
    assert all(one.objections for one in found.candidates)


def _cleared_for_less() -> ApiKey:
    return structs.replace(api_key(), clearance=structs.replace(api_key().clearance, level=Level.INTERNAL))
