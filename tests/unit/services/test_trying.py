"""A version on trial is asked beside the one in use: in the shadow it changes nothing, of a share it decides."""

import logging
from typing import Any

import pytest
from msgspec import structs

from kyozon.bootstrap.estimating import verifier
from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.decisions import Decision
from kyozon.domain.models import ModelCard
from kyozon.domain.policy import Exploring
from kyozon.domain.quality import Estimate, Goal, parse_goal
from kyozon.domain.requests import Stated
from kyozon.ports.quality import Estimator
from kyozon.services.registry import Tried
from kyozon.services.replaying import replay
from kyozon.services.trying import opening
from tests.fakes.estimator import Admires, KnowsThree, Seen
from tests.fakes.installation import FakeInstallation, ask
from tests.fakes.policies import MemoryPolicies
from tests.samples.sums import QUESTION


class House(FakeInstallation):
    """One that goes by what it expects, and tries a version that takes the cheap model for the best."""

    def __init__(self, stage: str = "shadow", share: int = 50, version: Estimator | None = None) -> None:
        self.policies = MemoryPolicies()
        super().__init__(keep=self.policies.keep)
        self.policies.book = self.book
        self.measure(KnowsThree())
        self.registry.tried = Tried("rol_1", version or Admires("cheap"), stage, share)  # type: ignore[arg-type] # given right

    async def decided(self, text: str = "Say hello.", model: str = "auto", **asked: Any) -> Decision:
        said = [{"role": "user", "content": text}]
        answered = await self.chat.answer(ask(model, **{"messages": said, **asked}))
        return self.book.decisions_by_id[answered.decision_id]

    def comes_out_the_same(self, decision: Decision) -> bool:
        return replay(decision, registry_as_of(self.policies.bases[decision.basis])).same


class Fails(KnowsThree):
    """One whose file is not right."""

    version = "fails"

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:  # noqa: ARG002 - the port's
        raise ZeroDivisionError


async def test_a_shadow_is_asked_and_changes_nothing() -> None:
    house = House()
    decision = await house.decided()
    assert (decision.chosen, decision.estimator) == ("dear", "three-models")
    trial = decision.trial
    assert trial is not None
    assert (trial.version, trial.stage, trial.used, trial.differs) == ("admires-cheap", "shadow", False, True)
    assert (trial.choice, trial.provider, trial.quality) == ("cheap", "bargain", 0.99)
    assert trial.cost is not None
    assert trial.cost < next(one.predicted_cost for one in decision.candidates if one.rank == 1 and one.predicted_cost)
    assert house.comes_out_the_same(decision)
    house.assert_settled()


async def test_a_shadow_decides_for_nobody_whatever_its_share_will_be() -> None:
    house = House(share=99)
    found = [await house.decided(f"Question {number}") for number in range(5)]
    assert [decision.chosen for decision in found] == ["dear"] * 5


async def test_where_both_would_choose_the_same_they_do_not_differ() -> None:
    decision = await House(version=Admires("dear")).decided()
    assert decision.trial is not None
    assert (decision.trial.choice, decision.trial.differs) == ("dear", False)


@pytest.mark.parametrize("stage", ["shadow", "share"])
async def test_a_version_that_fails_abstains(stage: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    house = House(stage, 99, Fails())
    decision = await house.decided()
    assert (decision.chosen, decision.estimator) == ("dear", "three-models")
    assert decision.trial is not None
    assert (decision.trial.used, decision.trial.failed, decision.trial.choice) == (False, True, "")
    assert "the version fails on trial abstains (ZeroDivisionError)" in caplog.text


async def test_nothing_is_asked_where_one_model_alone_could_be_meant() -> None:
    house = House()
    assert (await house.decided(model="cheap")).trial is None
    assert house.registry.tried is not None
    assert house.registry.tried.estimator.looked == []  # type: ignore[attr-defined] # the fake's


async def test_counting_tokens_takes_no_part() -> None:
    house = House("share", 99)
    await house.chat.count_tokens(ask("auto", messages=[{"role": "user", "content": "Say hello."}]))
    (decision,) = house.book.decisions_by_id.values()
    assert (decision.kind, decision.estimator, decision.trial) == ("count", "three-models", None)


async def test_a_share_of_the_conversations_is_decided_by_it_and_comes_out_the_same() -> None:
    house = House("share", 30)
    found = [await house.decided(f"Question {number}") for number in range(200)]
    used = [decision for decision in found if decision.trial and decision.trial.used]
    assert 40 <= len(used) <= 80
    for decision in found:
        assert decision.trial is not None
        mine = decision.trial.used
        assert decision.estimator == ("admires-cheap" if mine else "three-models")
        assert (decision.chosen, decision.trial.choice) == (("cheap", "dear") if mine else ("dear", "cheap"))
        assert (decision.trial.share, decision.trial.differs) == (30, True)
    assert all(house.comes_out_the_same(decision) for decision in (*used[:5], found[0]))


async def test_a_conversation_stays_with_one_version() -> None:
    house = House("share")
    for number in range(12):
        first = {"role": "user", "content": f"Question {number}"}
        more = [first, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Another, much longer one."}]
        begun, gone_on = await house.decided(messages=[first]), await house.decided(messages=more)
        assert begun.trial is not None
        assert gone_on.trial is not None
        assert (begun.trial.conversation, begun.trial.used) == (gone_on.trial.conversation, gone_on.trial.used)


async def test_a_session_is_one_conversation_whatever_is_said_in_it() -> None:
    house = House("share")
    found = [await house.decided(f"Question {number}", stated=Stated(session="s1")) for number in range(8)]
    assert len({decision.trial.conversation for decision in found if decision.trial}) == 1
    other = await house.decided("Question 1", stated=Stated(session="s2"))
    assert other.trial is not None
    assert other.trial.conversation != found[0].trial.conversation  # type: ignore[union-attr] # looked at above


async def test_all_that_the_other_version_would_ask_is_on_record_and_whom_the_router_would_have() -> None:
    house = House()
    house.measure(KnowsThree(), Goal(0.95))
    house.judge(verifier())
    house.registry.tried = Tried("rol_1", KnowsThree(), "shadow", 50)
    house.registry.installation = structs.replace(house.registry.installation, exploring=Exploring(1.0, 0.0))
    house.time.chance = 0.0
    decision = await house.decided(QUESTION, max_tokens=200)
    assert decision.exploration is not None
    assert decision.trial is not None
    own = decision.exploration.instead
    assert (own[0], len(own), decision.cascade) == (decision.chosen, 3, None)  # the first of its cascade, drawn alone
    assert ((decision.trial.choice, *decision.trial.behind), decision.trial.differs) == (own, False)


async def test_the_goal_that_was_asked_for_holds_for_both() -> None:
    decision = await House(version=Admires("dear")).decided(quality=parse_goal("0"))
    assert decision.chosen == "cheap"
    assert decision.trial is not None
    assert (decision.trial.choice, decision.trial.differs) == ("cheap", False)


def test_what_a_conversation_begins_with() -> None:
    system, first = {"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello"}
    assert opening({"messages": [system, first]}) == opening({"messages": [system, first, {"role": "assistant"}, first]})
    assert opening({"messages": [first]}) != opening({"messages": [system, first]})
    assert opening({"messages": [system]}) != opening({"messages": []})
    assert opening({}) == b"[]"
