"""A recorded decision can be made again; what was changed in the record, or in the policy, shows."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kyozon.bootstrap.reading import registry_as_of, under
from kyozon.domain.decisions import Decision
from kyozon.domain.labels import Clearance, Label, Level
from kyozon.domain.policy import Basis
from kyozon.services.registry import Registry
from kyozon.services.replaying import replay
from kyozon.services.simulating import Replayer
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, ZONES, FakeInstallation, ask
from tests.fakes.policies import MemoryPolicies
from tests.fakes.random_requests import busy_installation, decide

EVER = datetime(2000, 1, 1, tzinfo=UTC)


async def recorded(house: FakeInstallation, policies: MemoryPolicies, **fields: object) -> tuple[Decision, Registry]:
    answered = await house.chat.answer(ask(**fields))  # type: ignore[arg-type] # whatever the test asks for
    decision = house.book.decisions_by_id[answered.decision_id]
    return decision, registry_as_of(policies.bases[decision.basis])


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_every_decision_comes_out_as_recorded(seed: int) -> None:
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    policies.book = house.book
    await decide(house, 60, seed)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert proof.different == []
    assert (proof.decisions, proof.unreplayable) == (60, 0)
    assert proof.same == 60


async def test_candidates_are_the_whole_registry_of_that_basis() -> None:
    policies = MemoryPolicies()
    house = busy_installation(policies.keep)
    await decide(house, 60, 1)
    for decision in house.book.decisions_by_id.values():
        if decision.requested_model == "auto" and decision.needs is not None:
            cards = [c for c in policies.bases[decision.basis].all_cards if c.kind == decision.needs.kind]
            assert {(c.provider, c.model) for c in decision.candidates} == {(card.provider, card.id) for card in cards}
        assert all(exclusion.rule for candidate in decision.candidates for exclusion in candidate.objections)


@pytest.mark.parametrize("forged", ["chosen", "objection", "rank", "label", "missing"])
async def test_a_forged_record_is_found(forged: str) -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    decision, registry = await recorded(house, policies, declared=CONFIDENTIAL)
    assert replay(decision, registry).same
    free = next(candidate for candidate in decision.candidates if candidate.model == "cheap")
    others = tuple(candidate for candidate in decision.candidates if candidate.model != "cheap")
    forgeries = {
        "chosen": structs.replace(decision, chosen="cheap"),
        "objection": structs.replace(decision, candidates=(*others, structs.replace(free, objections=()))),
        "rank": structs.replace(decision, candidates=tuple(structs.replace(c, rank=None) for c in decision.candidates)),
        "label": structs.replace(decision, label=Label(Level.PUBLIC)),
        "missing": structs.replace(decision, candidates=others),
    }
    again = replay(forgeries[forged], registry)
    assert not again.same
    assert all(text.en and text.ja for text in again.differences)


async def test_a_basis_is_kept_once_and_before_its_first_decision() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    await house.chat.answer(ask())
    await house.chat.answer(ask())
    assert len(policies.kept) == 1
    house.registry.installation = structs.replace(house.registry.installation, policy_version="next")
    await house.chat.answer(ask())
    assert [policies.bases[name].policy_version for name in policies.kept] == ["test", "next"]


async def test_a_pulled_model_is_another_basis() -> None:
    cards = [CHEAP]
    policies = MemoryPolicies()
    registry = Registry(FakeInstallation().registry.installation, lambda: cards, policies.keep)
    first = await registry.basis_id()
    cards.append(structs.replace(DEAR, provider="local", zone="host"))
    assert await registry.basis_id() != first
    assert len(policies.bases) == 2


async def test_a_record_of_an_earlier_version_is_counted_apart() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    policies.book = house.book
    decision, _ = await recorded(house, policies)
    house.book.decisions_by_id[decision.id] = structs.replace(decision, basis="", needs=None, clearance=None)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert (proof.decisions, proof.unreplayable, proof.same) == (1, 1, 0)


async def test_a_rule_that_is_not_installed_any_more_stops_nothing_but_its_own_decisions() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    policies.book = house.book
    old, _ = await recorded(house, policies)
    policies.bases["old"] = structs.replace(policies.bases[old.basis], rules=("of_a_third_party",))
    house.book.decisions_by_id[old.id] = structs.replace(old, basis="old")
    await recorded(house, policies, declared=CONFIDENTIAL)
    proof = await Replayer(policies, registry_as_of).prove(EVER)
    assert (proof.decisions, proof.same, proof.uninstalled) == (2, 1, 1)
    assert ["of_a_third_party" in text.en for text in proof.missing] == [True]


async def test_another_policy_is_forecast_with_its_cost() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    policies.book = house.book
    stays, _ = await recorded(house, policies, declared=CONFIDENTIAL)
    moves, _ = await recorded(house, policies)
    named, _ = await recorded(house, policies, model="dear")
    closed = structs.replace(ZONES["external"], clearance=Clearance(Level.PUBLIC))
    stricter = structs.replace(house.registry.installation, zones=ZONES | {"external": closed}, policy_version="stricter")

    def would(basis: Basis) -> Registry:
        return under(stricter, basis)

    found = await Replayer(policies, registry_as_of).simulate(would, "stricter", EVER)
    assert (found.decisions, found.unchanged, found.elsewhere, found.refused, found.allowed) == (3, 1, 1, 1, 0)
    assert found.examples == {"refused": [named.id], "allowed": [], "elsewhere": [moves.id]}
    assert found.rules == {"clearance": 1}
    # 100 tokens read, 10 written: in-house at 2 and 10 a million, cheap at 1 and 5, dear at 10 and 50
    assert found.cost_before == Decimal("0.0003") + Decimal("0.00015") + Decimal("0.0015")
    assert found.cost_after == Decimal("0.0003") + Decimal("0.0003")
    assert stays.id not in {each for ids in found.examples.values() for each in ids}


async def test_a_request_that_rested_on_the_default_label_follows_it() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(keep=policies.keep)
    policies.book = house.book
    by_default, _ = await recorded(house, policies)
    await recorded(house, policies, declared=Label(Level.INTERNAL))
    other = structs.replace(house.registry.installation, default_label=CONFIDENTIAL)
    found = await Replayer(policies, registry_as_of).simulate(lambda basis: under(other, basis), "other", EVER)
    assert (found.unchanged, found.examples["elsewhere"]) == (1, [by_default.id])
