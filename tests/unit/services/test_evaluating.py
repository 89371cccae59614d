"""What another quality would have been worth, from decisions that were made and what was said of their answers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.bootstrap.estimating import verifier
from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.decisions import Attempt, Decision
from kyozon.domain.feedback import Feedback
from kyozon.domain.models import ModelCard
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Goal, parse_goal
from kyozon.domain.usage import Charge
from kyozon.services.evaluating import AtGoal, Evaluator
from tests.fakes import installation
from tests.fakes.estimator import KnowsThree
from tests.fakes.feedback import MemoryFeedback
from tests.fakes.installation import FakeInstallation, ask
from tests.fakes.policies import MemoryPolicies

EVER = datetime(2000, 1, 1, tzinfo=UTC)
TRUE = {"cheap": 0.5, "in-house": 0.8, "dear": 1.0}
SHARE = 0.5
DEAR, CHEAP, KEPT = 0.3, 0.1, 0.6
"""Draws, and what they mean: of what is explored, half goes to each other model."""
THREE = (installation.IN_HOUSE, installation.CHEAP, installation.DEAR)


class House(FakeInstallation):
    """One that answers in-house, and half of the time explores."""

    def __init__(self, share: float = SHARE, cards: tuple[ModelCard, ...] = THREE) -> None:
        self.policies = MemoryPolicies()
        super().__init__(cards, keep=self.policies.keep)
        self.policies.book = self.book
        self.judgements = MemoryFeedback(self.book)
        self.measure(KnowsThree(), Goal(0.9))
        self.registry.installation = structs.replace(self.registry.installation, exploring=Exploring(share))

    async def answered(self, draw: float, model: str = "auto", *, said: bool = True) -> Decision:
        """A decision of this draw, its answer judged for what it is."""
        self.time.chance = draw
        answered = await self.chat.answer(ask(model))
        decision = self.book.decisions_by_id[answered.decision_id]
        if said:
            await self.judged(decision)
        return decision

    async def judged(self, decision: Decision, source: str = "person") -> None:
        """What somebody thinks of the answer."""
        score = TRUE[str(decision.chosen)]
        said = Feedback(f"fbk_{decision.id}", decision.id, decision.tenant, self.time.now, source, score, "ann", "key_test")  # type: ignore[arg-type] # a source
        await self.judgements.add(said)

    def paid(self, model: str) -> set[Decimal]:
        """What answers of a model have cost."""
        chosen = [one.id for one in self.book.decisions_by_id.values() if one.chosen == model]
        return {self.book.outcomes[name].charge.amount for name in chosen}

    async def at(self, goal: str) -> AtGoal:
        """What that goal is worth."""
        return await Evaluator(self.judgements, self.policies, registry_as_of).at(parse_goal(goal), EVER)


async def even(house: House, rounds: int) -> None:
    """As many requests of each kind as chance would make on average."""
    for draw in (CHEAP, DEAR, KEPT, KEPT) * rounds:
        await house.answered(draw)


async def test_the_quality_and_the_cost_of_another_goal_are_those_of_the_model_that_it_chooses() -> None:
    house = House()
    await even(house, 30)
    for goal, model in (("max", "dear"), ("0.7", "cheap"), ("0.9", "in-house")):
        found = await house.at(goal)
        assert found.score is not None
        assert found.cost is not None
        assert found.score.lack is None
        assert found.score.dr.value == pytest.approx(TRUE[model])
        paid = {
            house.book.outcomes[one.id].charge.amount for one in house.book.decisions_by_id.values() if one.chosen == model
        }
        (amount,) = paid
        assert found.cost.dr.value == pytest.approx(float(amount))
        assert found.score.elsewhere == (0 if model == "in-house" else 120)
        assert (found.decisions, found.compared, found.scored, found.explored) == (120, 120, 120, 60)


async def test_without_exploring_nothing_is_concluded_of_another_model() -> None:
    house = House(share=0.0)
    for _ in range(40):
        await house.answered(KEPT)
    found = await house.at("0.7")
    assert (found.compared, found.scored, found.explored) == (40, 40, 0)
    assert (found.score, found.cost, found.lack) == (None, None, "uncovered")
    same = await house.at("0.9")
    assert same.score is not None
    assert (same.score.lack, same.score.difference.value) == (None, 0.0)


async def test_what_nobody_judged_counts_for_the_cost_alone() -> None:
    house = House()
    await even(house, 10)
    for _ in range(10):
        await house.answered(KEPT, said=False)
    found = await house.at("max")
    assert (found.compared, found.scored) == (50, 40)
    assert found.score is not None
    assert found.cost is not None
    assert (found.score.requests, found.cost.requests) == (40, 50)
    assert found.lack == "untried"


async def test_what_was_only_seen_is_counted_and_is_no_score() -> None:
    house = House()
    await house.answered(KEPT)
    await house.judged(await house.answered(DEAR, said=False), "retry")
    found = await house.at("0.9")
    assert (found.scored, found.seen_only) == (1, 1)
    assert found.score is not None
    assert (found.score.requests, found.score.logged) == (1, TRUE["in-house"])


async def test_nothing_is_concluded_of_answers_that_were_only_seen_to_be_bad() -> None:
    house = House()
    for draw in (CHEAP, DEAR, KEPT, KEPT) * 40:
        await house.judged(await house.answered(draw, said=False), "retry")
    found = await house.at("0.7")
    assert (found.scored, found.seen_only, found.score, found.lack) == (0, 160, None, "few")


async def test_what_cannot_be_compared_is_counted() -> None:
    house = House()
    await house.answered(KEPT, "cheap")
    await house.answered(KEPT)
    refused = await house.answered(KEPT)
    house.book.outcomes[refused.id] = structs.replace(house.book.outcomes[refused.id], model=None)
    forged = await house.answered(KEPT)
    house.book.decisions_by_id[forged.id] = structs.replace(forged, chosen="dear")
    house.registry.installation = structs.replace(house.registry.installation, estimator=None)
    await house.answered(KEPT)
    found = await house.at("max")
    counted = (found.decisions, found.compared, found.single, found.unanswered, found.without_estimates, found.unlike)
    assert counted == (5, 1, 1, 1, 1, 1)


async def test_what_was_not_left_to_chance_was_certain() -> None:
    house = House()
    house.measure(KnowsThree(), parse_goal("max"))
    for _ in range(4):
        await house.answered(CHEAP)
    found = await house.at("max")
    assert (found.compared, found.explored) == (4, 0)
    assert found.score is not None
    assert (found.score.ips.value, found.score.effective) == (TRUE["dear"], 4.0)
    assert (await house.at("0.9")).score is None


async def test_a_cascade_is_not_drawn_so_it_is_said_apart_and_can_be_left_out() -> None:
    house = House(cards=THREE[1:])
    house.judge(verifier())
    house.measure(KnowsThree(), Goal(0.5))
    for draw in (DEAR, KEPT) * 30:
        await house.answered(draw)
    found = await house.at("0.95")
    assert (found.scored, found.cascades, found.lack, found.score) == (60, 60, "uncovered", None)
    alone = await Evaluator(house.judgements, house.policies, registry_as_of).at(parse_goal("0.95"), EVER, alone=True)
    assert (alone.cascades, alone.without_cascades) == (0, True)
    assert alone.score is not None
    assert alone.score.uncovered == 0


async def test_what_was_paid_sets_right_what_was_expected() -> None:
    """Every answer costs a hundredth of what was expected; the dear model is still the dearest."""
    house = House()
    await even(house, 30)
    for name, ended in house.book.outcomes.items():
        charge = structs.replace(ended.charge, amount=ended.charge.amount / 100)
        attempts = tuple(structs.replace(one, charge=None) for one in ended.attempts)
        house.book.outcomes[name] = structs.replace(ended, charge=charge, attempts=attempts)
    (paid,) = house.paid("dear")
    found = await house.at("max")
    assert found.cost is not None
    assert found.cost.dr.value == pytest.approx(float(paid))
    assert found.cost.dr.low > found.cost.logged > 0
    assert found.score is not None
    assert found.score.dr.high <= 1


async def test_every_call_is_in_the_cost() -> None:
    house = House()
    decision = await house.answered(KEPT)
    ended = house.book.outcomes[decision.id]
    beside = Attempt("cheap", "bargain", usage=ended.usage, charge=Charge(Decimal(1)))
    house.book.outcomes[decision.id] = structs.replace(ended, attempts=(beside, *ended.attempts))
    found = await house.at("0.9")
    assert found.cost is not None
    assert found.cost.logged == pytest.approx(float(ended.charge.amount) + 1)
