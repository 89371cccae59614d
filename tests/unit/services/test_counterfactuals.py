"""What is said to have flipped a choice does flip it: when the decider is asked again with that one thing changed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Decision
from kyozon.domain.errors import KyozonError
from kyozon.domain.labels import Label, Level
from kyozon.services.counterfactuals import Altered, alterations, counterfactuals, ranked
from kyozon.services.deciding import RECORDED, Question
from kyozon.services.registry import Registry
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import CONFIDENTIAL, FakeInstallation, api_key, ask
from tests.fakes.policies import MemoryPolicies
from tests.fakes.random_requests import busy_installation, decide

EVER = datetime(2000, 1, 1, tzinfo=UTC)


async def recorded(declared: Label | None = None, model: str = "auto") -> tuple[Decision, Registry]:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    try:
        await house.chat.answer(ask(model, declared=declared))
    except KyozonError:
        assert RECORDED.get()
    decision = max(house.book.decisions_by_id.values(), key=lambda one: one.id)
    return decision, registry_as_of(policies.bases[decision.basis])


async def test_a_confidential_request_would_have_gone_outside_with_a_lower_label() -> None:
    found = counterfactuals(*await recorded(CONFIDENTIAL))
    assert [(one.text.en, one.before, one.after) for one in found] == [
        ("label internal instead of confidential", "local/in-house", "bargain/cheap"),
        ("label public instead of confidential", "local/in-house", "bargain/cheap"),
        ("zone external cleared for confidential", "local/in-house", "bargain/cheap"),
    ]


async def test_a_refusal_says_what_would_have_been_permitted() -> None:
    found = counterfactuals(*await recorded(CONFIDENTIAL, "dear"))
    assert [(one.text.en, one.before, one.after) for one in found] == [
        ("label internal instead of confidential", None, "boutique/dear"),
        ("label public instead of confidential", None, "boutique/dear"),
        ("model auto instead of dear", None, "local/in-house"),
    ]


async def test_prices_flip_a_choice_among_the_permitted() -> None:
    decision, registry = await recorded()
    first, second = ranked(decision)[:2]
    found = {one.text.en: one.after for one in counterfactuals(decision, registry, most=20)}
    assert found[f"cheap at more than {second.predicted_cost:f} USD for this request"] == "local/in-house"
    assert found[f"in-house at less than {first.predicted_cost:f} USD for this request"] == "local/in-house"


@given(seed=st.integers(0, 2**32), measured=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_sufficient_whenever_the_decider_itself_decides_again(seed: int, *, measured: bool) -> None:
    """E3, over requests of every kind: a fresh installation under the altered policy gets the altered request."""
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    policies.book = house.book
    if measured:
        house.measure(KnowsThree())
    await decide(house, 12, seed)
    async for decision, _ in policies.recorded(EVER):
        registry = registry_as_of(policies.bases[decision.basis])
        said = {one.text: one for one in counterfactuals(decision, registry, most=100)}
        for altered in _testable(decision, registry):
            after = await _decided_by(altered)
            flip = said.get(altered.text)
            assert (flip is not None) == (after != _was(decision)), altered.text.en
            assert flip is None or flip.after == after


def _testable(decision: Decision, registry: Registry) -> Iterator[Altered]:
    """Without the accidents of the moment, which a fresh installation does not have."""
    ill = any(one.health for one in decision.candidates)
    full = decision.chosen is None and any(one.permitted for one in decision.candidates)
    twins = len({one.model for one in ranked(decision)}) < len(ranked(decision))
    return iter(()) if ill or full or twins else alterations(decision, registry)


def _was(decision: Decision) -> str | None:
    return next((f"{one.provider}/{one.model}" for one in decision.candidates if one.rank == 1), None)


async def _decided_by(altered: Altered) -> str | None:
    house, decision = FakeInstallation(), altered.decision
    house.time.chance = 0.0  # of two deployments of one model the router's first
    assert decision.needs is not None
    assert decision.clearance is not None
    house.registry.installation = structs.replace(altered.registry.installation, cards=altered.registry.cards())
    if decision.router == "measured":
        house.measure(KnowsThree(), altered.registry.installation.quality)
    key = structs.replace(api_key(), clearance=decision.clearance)
    question = Question(Caller(key), decision.kind, decision.requested_model, decision.needs, decision.label, "0" * 64)
    try:
        found = await house.decider.decide(question)
    except KyozonError:
        return None
    return _was(found.decision)


@pytest.mark.parametrize("lacking", ["basis", "needs", "clearance"])
async def test_a_record_of_an_earlier_version_has_none(lacking: str) -> None:
    decision, registry = await recorded(Label(Level.CONFIDENTIAL))
    empty = structs.replace(decision, **{lacking: "" if lacking == "basis" else None})
    assert counterfactuals(empty, registry) == ()
