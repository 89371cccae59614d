"""Requests that are left to chance, over the wire: answered, explained, judged, and made again as they were."""

from collections import Counter
from typing import Any

import aiohttp
import pytest
from msgspec import structs
from openai import AsyncOpenAI

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import parse_goal
from kyozon.services.evaluating import Evaluator
from kyozon.services.simulating import Replayer
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import FakeInstallation
from tests.fakes.policies import MemoryPolicies
from tests.fakes.steered import START

HELLO: Any = [{"role": "user", "content": "Say hello."}]
DRAWS = [place / 20 for place in range(20)]


@pytest.fixture
def policies() -> MemoryPolicies:
    return MemoryPolicies()


@pytest.fixture
def house(policies: MemoryPolicies) -> FakeInstallation:
    found = FakeInstallation(keep=policies.keep)
    policies.book = found.book
    found.measure(KnowsThree(), parse_goal("0.9"))
    return found


def explore(house: FakeInstallation, share: float) -> None:
    house.registry.installation = structs.replace(house.registry.installation, exploring=Exploring(share))


async def asked(house: FakeInstallation, openai: AsyncOpenAI, model: str = "auto") -> Counter[str]:
    """Who answers, over evenly spread draws."""
    answered: Counter[str] = Counter()
    for draw in DRAWS:
        house.time.chance = draw
        got = await openai.chat.completions.with_raw_response.create(model=model, messages=HELLO)
        answered[got.headers["x-kyozon-model"]] += 1
    return answered


@pytest.mark.parametrize(
    ("share", "answered"),
    [(1.0, {"cheap": 10, "dear": 10}), (0.5, {"in-house": 10, "cheap": 5, "dear": 5}), (0.0, {"in-house": 20})],
)
async def test_a_share_of_the_requests_goes_elsewhere_and_each_comes_out_the_same_again(
    house: FakeInstallation, policies: MemoryPolicies, openai: AsyncOpenAI, share: float, answered: dict[str, int]
) -> None:
    explore(house, share)
    assert await asked(house, openai) == answered
    proof = await Replayer(policies, registry_as_of).prove(START)
    assert (proof.same, proof.different) == (20, [])
    house.assert_settled()


async def test_who_asks_for_the_best_or_names_a_model_is_spared(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    explore(house, 1.0)
    assert await asked(house, openai, "auto:max") == {"dear": 20}
    assert await asked(house, openai, "in-house") == {"in-house": 20}


async def test_the_record_says_that_it_was_drawn(
    house: FakeInstallation, openai: AsyncOpenAI, http: aiohttp.ClientSession
) -> None:
    explore(house, 1.0)
    house.time.chance = 0.1
    got = await openai.chat.completions.with_raw_response.create(model="auto", messages=HELLO)
    async with http.get(f"/kyozon/v1/decisions/{got.headers['x-kyozon-decision']}") as response:
        found = await response.json()
    assert found["exploration"] == {"propensity": 0.5, "draw": 0.1, "explored": True, "instead": ["in-house"]}
    assert "drawn by chance" in found["reason"]["en"]
    assert "抽選" in found["reason"]["ja"]
    assert found["reasons"]["runner_up"] == "local/in-house"


async def test_what_is_said_of_explored_answers_tells_what_another_quality_is_worth(
    house: FakeInstallation, policies: MemoryPolicies, openai: AsyncOpenAI, http: aiohttp.ClientSession
) -> None:
    explore(house, 0.5)
    good = {"cheap": 0.0, "in-house": 1.0, "dear": 1.0}
    for _ in range(7):
        await asked(house, openai)
    for decision in house.book.decisions_by_id.values():
        judged = {"decision_id": decision.id, "score": good[str(decision.chosen)]}
        async with http.post("/kyozon/v1/feedback", json=judged) as response:
            assert response.status == 200
    evaluator = Evaluator(house.said, policies, registry_as_of)
    thrifty, best = await evaluator.at(parse_goal("0.7"), START), await evaluator.at(parse_goal("max"), START)
    assert thrifty.score is not None
    assert best.score is not None
    assert (thrifty.lack, best.lack) == (None, None)
    assert thrifty.score.dr.value == pytest.approx(0.0)
    assert best.score.dr.value == pytest.approx(1.0)
    assert thrifty.score.difference.high < 0 < best.score.difference.low
