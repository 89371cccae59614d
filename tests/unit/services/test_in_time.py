"""A goal for time, from the request, the key or the settings: measured by use, on record, made again, never a refusal."""

from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Candidate, Decision
from kyozon.domain.errors import CircuitOpen
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Pace, Timing
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import EmbeddingRequest
from kyozon.routing.breaking import Breaking
from kyozon.services.counterfactuals import counterfactuals
from kyozon.services.explaining import quality_margin
from kyozon.services.registry import Registry
from kyozon.services.replaying import ranked_again, replay
from kyozon.services.simulating import Replayer
from tests.fakes.cascades import GOAL, House, asked
from tests.fakes.estimator import KnowsThree, Seen
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, IN_HOUSE, FakeInstallation, api_key, ask
from tests.fakes.paced import PacedChat
from tests.fakes.policies import MemoryPolicies
from tests.fakes.random_requests import busy_installation, decide
from tests.fakes.scripted import hello
from tests.samples.sums import BAD

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Timed(FakeInstallation):
    """By price the order is cheap, in-house, dear; `measured` tells of each what its first words took."""

    def __init__(self, **parts: object) -> None:
        self.policies = MemoryPolicies()
        super().__init__((IN_HOUSE, CHEAP, DEAR), keep=self.policies.keep, **parts)  # type: ignore[arg-type]
        self.policies.book = self.book

    def measured(self, **seconds: float) -> None:
        cards = {"in_house": IN_HOUSE, "cheap": CHEAP, "dear": DEAR}
        for name, took in seconds.items():
            heard(self, cards[name], took)

    async def decided(self, within: float | None = None, model: str = "auto", **fields: object) -> Decision:
        asking = structs.replace(ask(model, stream=True, **fields), within=within)  # type: ignore[arg-type]
        streamed = await self.chat.stream(asking)
        await streamed.close()
        return self.book.decisions_by_id[streamed.decision_id]

    def as_of(self, decision: Decision) -> Registry:
        return registry_as_of(self.policies.bases[decision.basis])


def heard(house: FakeInstallation, card: ModelCard, seconds: float) -> None:
    call = house.health.begin(card)
    house.time.advance(seconds=seconds)
    call.succeeded(streamed=True)
    call.end()


def order(decision: Decision) -> list[str]:
    ranks = {one.rank: one.model for one in decision.candidates if one.rank is not None}
    return [ranks[rank] for rank in sorted(ranks)]


def named(decision: Decision, model: str) -> Candidate:
    return next(one for one in decision.candidates if one.model == model)


async def test_without_a_goal_nothing_of_time_is_recorded() -> None:
    house = Timed()
    house.measured(cheap=9.0)
    decision = await house.decided()
    assert (decision.chosen, decision.within) == ("cheap", None)
    assert all(one.timing is None for one in decision.candidates)


async def test_a_late_model_is_set_behind_and_the_record_says_so() -> None:
    house = Timed()
    house.measured(cheap=9.0, in_house=0.5)
    decision = await house.decided(2.0)
    assert (decision.within, order(decision)) == (2.0, ["in-house", "dear", "cheap"])
    assert named(decision, "cheap").timing == Timing(Pace(9.0), 9.0, late=True)
    assert named(decision, "in-house").timing == Timing(Pace(0.5), 0.5)
    assert named(decision, "dear").timing is None  # not known
    assert "expected to take longer than 2 s" in decision.reason.en
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


@pytest.mark.parametrize(
    ("request_", "key", "installed", "goal"),
    [
        (2.0, None, None, 2.0),
        (None, 3.0, None, 3.0),
        (None, None, 4.0, 4.0),
        (2.0, 3.0, 4.0, 2.0),
        (4.0, 3.0, 2.0, 2.0),
        (4.0, 2.0, 3.0, 2.0),
        (None, None, None, None),
    ],
)
async def test_the_tightest_of_three_holds(
    request_: float | None, key: float | None, installed: float | None, goal: float | None
) -> None:
    house = Timed()
    house.registry.installation = structs.replace(house.registry.installation, within=installed)
    house.measured(cheap=2.5)
    decision = await house.decided(request_, key=structs.replace(api_key(), within=key))
    assert decision.within == goal
    assert (decision.chosen == "cheap") == (goal is None or goal > 2.5)
    assert replay(decision, house.as_of(decision)).same


async def test_where_nobody_keeps_it_the_usual_one_answers_and_the_record_says_so() -> None:
    house = Timed()
    house.measured(cheap=2.0, in_house=3.0, dear=4.0)
    decision = await house.decided(1.0)
    assert order(decision) == ["cheap", "in-house", "dear"]
    assert all(one.late for one in decision.candidates)
    assert decision.reason.en.startswith("none of the 3 permitted models is expected to begin within 1 s")
    assert (await house.decided(1.0, "dear")).chosen == "dear"


async def test_a_goal_lets_nobody_in() -> None:
    house = Timed()
    house.measured(in_house=9.0, cheap=0.1)
    decision = await house.decided(1.0, declared=CONFIDENTIAL)
    assert order(decision) == ["in-house"]
    assert named(decision, "cheap").timing == Timing(Pace(0.1))  # known, and excluded all the same


async def test_who_rests_stands_behind_who_is_late() -> None:
    house = Timed(breaking=Breaking(in_row=1))
    house.measured(cheap=9.0, in_house=0.5, dear=0.5)
    for card in (IN_HOUSE, DEAR):
        call = house.health.begin(card)
        call.failed(None)
        call.end()
    decision = await house.decided(2.0)
    assert order(decision) == ["cheap", "in-house", "dear"]
    assert replay(decision, house.as_of(decision)).same


async def test_load_sends_nobody_to_a_late_deployment_of_the_same_model() -> None:
    policies, twin = MemoryPolicies(), structs.replace(CHEAP, provider="boutique")
    house = FakeInstallation((CHEAP, twin), keep=policies.keep)
    heard(house, CHEAP, 9.0)
    heard(house, twin, 0.5)
    busy = [house.health.begin(twin) for _ in range(30)]
    for within, provider in ((2.0, "boutique"), (9.5, "bargain")):
        answered = await house.chat.answer(structs.replace(ask("cheap", stream=True), within=within))
        decision = house.book.decisions_by_id[answered.decision_id]
        assert next(one.provider for one in decision.candidates if one.rank == 1) == provider
        assert replay(decision, registry_as_of(policies.bases[decision.basis])).same
    assert len(busy) == house.health.load(twin).outstanding
    assert decision.needs is not None
    tighter = structs.replace(decision, needs=structs.replace(decision.needs, within=2.0))
    again = ranked_again(tighter, registry_as_of(policies.bases[decision.basis]))
    assert [option.card.provider for option in again.options] == ["boutique", "bargain"]


async def test_speed_is_learnt_from_answers() -> None:
    """A stream tells of its first words; a whole answer of itself, so that for another length is known what it takes."""
    house = Timed()
    house.chats["bargain"] = PacedChat(house.log, house.time, 1.5, 2.5)
    streamed = await house.chat.stream(ask("cheap", stream=True))
    assert [piece.text async for piece in streamed.pieces]
    await streamed.close()
    assert house.health.pace(CHEAP) == Pace(1.5)
    await house.chat.answer(ask("cheap"))
    assert house.health.pace(CHEAP) == Pace(1.5, 0.25)  # ten tokens
    house.measure(KnowsThree(), Goal(0.0))  # who expects 100 tokens of each
    answered = await house.chat.answer(structs.replace(ask(), within=20.0))
    decision = house.book.decisions_by_id[answered.decision_id]
    assert named(decision, "cheap").timing == Timing(Pace(1.5, 0.25), 26.5, late=True)
    assert decision.chosen == "in-house"
    await house.drain()
    house.assert_settled()


async def test_who_leaves_and_what_fails_tell_nothing_of_speed() -> None:
    house = Timed()
    house.chats["bargain"].scripts = [[RuntimeError("a mistake")]]
    with suppress(Exception):
        await house.chat.answer(ask("cheap"))
    house.chats["bargain"].scripts = [hello()]
    await house.chat.count_tokens(ask("cheap", stream=True))
    assert house.health.pace(CHEAP) is None


async def test_where_nothing_is_written_there_is_no_goal() -> None:
    house = FakeInstallation()
    house.registry.installation = structs.replace(house.registry.installation, within=1.0)
    await house.chat.count_tokens(structs.replace(ask(), within=1.0))
    request = EmbeddingRequest({}, "auto", ("text",))
    await house.embeddings.embed(Caller(structs.replace(api_key(), within=1.0)), request, None, b"")
    assert [(one.kind, one.within) for one in house.book.decisions_by_id.values()] == [("count", None), ("embedding", None)]


async def test_more_time_is_what_would_have_chosen_otherwise() -> None:
    house = Timed()
    house.registry.installation = structs.replace(house.registry.installation, within=2.0)
    house.measured(cheap=3.25, in_house=0.5, dear=2.5)
    decision = await house.decided(5.0)
    first = counterfactuals(decision, house.as_of(decision))[0]
    assert (first.text.en, first.before, first.after) == (
        "first words within 3.25 s instead of 2 s",
        "local/in-house",
        "bargain/cheap",
    )
    assert first.text.ja == "最初の言葉までの目標が 2 秒でなく 3.25 秒"
    kept = await house.decided(1.0, model="dear")
    assert not any("first words" in one.text.en for one in counterfactuals(kept, house.as_of(kept)))


async def test_the_margin_in_quality_is_to_those_in_time() -> None:
    house = Timed()
    house.measure(KnowsThree(), Goal(0.9))
    house.measured(dear=9.0, in_house=0.5, cheap=0.5)
    decision = await house.decided(2.0)
    assert order(decision)[-1] == "dear"
    assert decision.chosen == "cheap"
    assert quality_margin(decision) == pytest.approx(0.87 / 0.89 - 0.9, abs=1e-3)
    slow = await house.decided(9.0)
    assert slow.chosen == "in-house"
    assert quality_margin(slow) == pytest.approx(0.89 / 0.94 - 0.9, abs=1e-3)
    (more,) = [one for one in counterfactuals(decision, house.as_of(decision), 9) if "first words" in one.text.en]
    assert (more.text.en, more.after) == ("first words within 9 s instead of 2 s", "local/in-house")


async def test_chance_does_not_send_to_who_is_late() -> None:
    house = Timed()
    house.measure(KnowsThree(), Goal(0.9))
    house.registry.installation = structs.replace(house.registry.installation, exploring=Exploring(1.0, 0.5))
    house.measured(dear=9.0, in_house=0.5, cheap=0.5)
    chosen = set()
    for chance in (0.05, 0.5, 0.95):
        house.time.chance = chance
        decision = await house.decided(2.0)
        chosen.add(decision.chosen)
        assert replay(decision, house.as_of(decision)).same
    assert "dear" not in chosen


async def test_a_cascade_that_would_be_late_is_not_planned() -> None:
    house = House(first=BAD)
    small, large = (PacedChat(house.log, house.time, 0.5, rest) for rest in (0.5, 1.5))
    small.scripts, large.scripts = house.chats["bargain"].scripts, house.chats["boutique"].scripts
    house.chats |= {"bargain": small, "boutique": large}
    _, decision, _ = await house.answered()
    assert decision.cascade is not None  # and both are measured by it
    assert (house.health.pace(CHEAP), house.health.pace(DEAR)) == (Pace(None, 0.1), Pace(None, 0.2))
    house.measure(Brief(), GOAL)
    for within, planned in ((3.0, True), (2.9, False)):
        answered = await house.chat.answer(structs.replace(asked(), within=within))
        decision = house.book.decisions_by_id[answered.decision_id]
        assert (decision.cascade is not None) == planned
        assert replay(decision, registry_as_of(house.policies.bases[decision.basis])).same
    await house.drain()


class Brief(KnowsThree):
    """One that expects answers as long as they are here."""

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:
        return structs.replace(super().estimate(seen, card), output_tokens=10)


async def test_what_was_forged_is_found() -> None:
    house = Timed()
    house.measured(cheap=9.0, in_house=0.5)
    decision = await house.decided(2.0)
    assert replay(decision, house.as_of(decision)).same
    for timing in (None, Timing(Pace(9.0), 8.0, late=True), Timing(Pace(1.0), 1.0), Timing(Pace(9.0), 9.0)):
        forged = tuple(structs.replace(one, timing=timing) if one.model == "cheap" else one for one in decision.candidates)
        assert not replay(structs.replace(decision, candidates=forged), house.as_of(decision)).same


async def test_a_record_of_an_earlier_version_is_read_and_made_again() -> None:
    house = Timed()
    decision = await house.decided()
    old = msgspec.to_builtins(decision)
    del old["within"], old["needs"]["within"], old["needs"]["streamed"]
    for candidate in old["candidates"]:
        del candidate["timing"]
    found = msgspec.convert(old, Decision)
    assert replay(found, house.as_of(found)).same


@given(seed=st.integers(0, 2**32), within=st.sampled_from((0.05, 0.3, 1.0)), measured=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_every_decision_comes_out_as_recorded(seed: int, within: float, *, measured: bool) -> None:
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    policies.book = house.book
    if measured:
        house.measure(KnowsThree(), Goal(0.8))
    house.registry.installation = structs.replace(house.registry.installation, within=within)
    for place in range(3):
        for card, seconds in ((IN_HOUSE, 0.2), (CHEAP, 0.6), (DEAR, 0.1)):
            with suppress(CircuitOpen):
                heard(house, card, seconds)
        await decide(house, 8, seed + place)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert proof.different == []
    assert proof.same == proof.decisions == 24


@given(
    seed=st.integers(0, 2**32),
    within=st.floats(0.01, 5),
    seconds=st.lists(st.none() | st.floats(0, 9), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_a_goal_refuses_nobody_and_lets_nobody_in(seed: int, within: float, seconds: list[float | None]) -> None:
    """The same requests without and with it: whoever may answer is the same, and so is whether anybody may."""
    found = []
    for goal in (None, within):
        house = busy_installation()
        house.registry.installation = structs.replace(house.registry.installation, within=goal)
        for card, took in zip((IN_HOUSE, CHEAP, DEAR), seconds, strict=True):
            if took is not None:
                heard(house, card, took)
        await decide(house, 12, seed)
        found.append(
            [
                (one.chosen is None, {(each.provider, each.model, each.permitted) for each in one.candidates})
                for one in house.book.decisions_by_id.values()
            ]
        )
    assert found[0] == found[1]
