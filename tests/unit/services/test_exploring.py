"""A choice that was left to chance is on record as such, and comes out the same when it is made again."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.decisions import Decision, Exploration
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Goal, parse_goal
from kyozon.services.counterfactuals import counterfactuals, ranked
from kyozon.services.forecasting import Forecaster
from kyozon.services.registry import Registry
from kyozon.services.replaying import replay
from kyozon.services.simulating import Replayer
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import IN_HOUSE, FakeInstallation, ask
from tests.fakes.policies import MemoryPolicies
from tests.fakes.random_requests import busy_installation, decide

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class House(FakeInstallation):
    """One that tries `cheap` or `dear` in the place of `in-house` now and then."""

    def __init__(self, share: float = 0.5, floor: float = 0.8) -> None:
        self.policies = MemoryPolicies()
        super().__init__(keep=self.policies.keep)
        self.policies.book = self.book
        self.measure(KnowsThree(), Goal(0.9))
        explore(self, share, floor)

    async def decided(self, chance: float, model: str = "auto", **asked: object) -> Decision:
        """The record of a chat that is decided with this draw."""
        self.time.chance = chance
        answered = await self.chat.answer(ask(model, **asked))  # type: ignore[arg-type] # whatever the test asks for
        return self.book.decisions_by_id[answered.decision_id]

    def as_of(self, decision: Decision) -> Registry:
        """What was known when it was decided."""
        return registry_as_of(self.policies.bases[decision.basis])


OWN = ("in-house",)
"""What the router itself would choose."""


def explore(house: FakeInstallation, share: float, floor: float = 0.8) -> None:
    house.registry.installation = structs.replace(house.registry.installation, exploring=Exploring(share, floor))


@pytest.mark.parametrize(
    ("chance", "chosen", "exploration"),
    [
        (0.1, "cheap", Exploration(0.25, 0.1, explored=True, instead=OWN)),
        (0.3, "dear", Exploration(0.25, 0.3, explored=True, instead=OWN)),
        (0.6, "in-house", Exploration(0.5, 0.6, explored=False)),
    ],
)
async def test_the_draw_chooses_and_is_recorded(chance: float, chosen: str, exploration: Exploration) -> None:
    house = House()
    decision = await house.decided(chance)
    assert (decision.chosen, decision.exploration) == (chosen, exploration)
    assert house.sent == [chosen]
    assert replay(decision, house.as_of(decision)).same


async def test_nothing_is_drawn_for_who_asks_for_the_best_or_names_a_model_or_where_it_is_off() -> None:
    house = House(1.0)
    assert (await house.decided(0.0, quality=parse_goal("max"))).exploration is None
    assert (await house.decided(0.0, "in-house")).exploration is None
    assert (await house.decided(0.0, "dear")).chosen == "dear"
    explore(house, 0.0)
    assert (await house.decided(0.0)).exploration is None


async def test_counting_tokens_is_never_left_to_chance() -> None:
    house = House(1.0)
    house.time.chance = 0.0
    await house.chat.count_tokens(ask())
    (decision,) = house.book.decisions_by_id.values()
    assert (decision.kind, decision.chosen, decision.exploration) == ("count", "in-house", None)


@pytest.mark.parametrize(
    "forged",
    [
        Exploration(0.25, 0.3, explored=True, instead=OWN),
        Exploration(0.5, 0.1, explored=True, instead=OWN),
        Exploration(0.25, 0.1, explored=True, instead=("dear",)),
        Exploration(0.25, 0.1, explored=False),
        None,
    ],
)
async def test_a_forged_draw_is_found(forged: Exploration | None) -> None:
    house = House()
    decision = structs.replace(await house.decided(0.1), exploration=forged)
    assert not replay(decision, house.as_of(decision)).same


@given(seed=st.integers(0, 2**32), share=st.sampled_from((0.02, 0.5, 1.0)), goal=st.sampled_from((0.8, 0.95)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_every_decision_comes_out_as_recorded(seed: int, share: float, goal: float) -> None:
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    policies.book = house.book
    house.measure(KnowsThree(), Goal(goal))
    explore(house, share, floor=0.9)
    await decide(house, 30, seed)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert proof.different == []
    assert proof.same == proof.decisions == 30


async def test_what_would_have_chosen_otherwise_is_another_draw_or_the_best() -> None:
    house = House()
    decision = await house.decided(0.1)
    found = counterfactuals(decision, house.as_of(decision))
    assert [(one.text.en, one.after) for one in found[:2]] == [
        ("not drawn to try another model", "local/in-house"),
        ("quality max, which is never left to chance", "boutique/dear"),
    ]
    kept = await house.decided(0.9)
    assert "not drawn" not in counterfactuals(kept, house.as_of(kept))[0].text.en


async def test_the_runner_up_of_what_was_drawn_is_the_choice_of_the_router() -> None:
    house = House()
    assert [one.model for one in ranked(await house.decided(0.3))] == ["dear", "in-house", "cheap"]


async def test_a_simulation_of_the_same_goal_changes_nothing_and_one_of_the_best_draws_nothing() -> None:
    house = House()
    for chance in (0.1, 0.3, 0.6):
        await house.decided(chance)
    forecaster = Forecaster(house.policies, registry_as_of)
    same = await forecaster.at(Goal(0.9), EVER)
    assert (same.compared, same.elsewhere) == (3, 0)
    best = await forecaster.at(parse_goal("max"), EVER)
    assert sorted((move.before, move.after) for move in best.moves) == [("cheap", "dear"), ("in-house", "dear")]


async def test_another_rule_of_exploring_is_another_basis() -> None:
    house = House(0.5)
    first = await house.decided(0.9)
    explore(house, 0.4)
    assert (await house.decided(0.9)).basis != first.basis
    assert IN_HOUSE.id == first.chosen
