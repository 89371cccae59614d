"""What counts as saved: answers judged as good by what is on record, and nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.decisions import Attempt, CacheUse, Candidate, Decision, Exclusion, Outcome
from kyozon.domain.errors import InvalidRequest, NotFound
from kyozon.domain.models import ModelCard, Price
from kyozon.domain.quality import HIGH, Estimate, parse_goal
from kyozon.domain.reports import Period
from kyozon.domain.requests import Needs
from kyozon.domain.savings import Grouping, SavingsReport
from kyozon.domain.usage import Charge, Usage
from kyozon.ports.reporting import Settled
from kyozon.services.registry import Registry
from kyozon.services.reporting.equals import Equal, answer_of, equal
from kyozon.services.reporting.savings import SavingsReporter
from tests.fakes.installation import CHEAP, DEAR, EMBEDDER, IN_HOUSE, FakeInstallation
from tests.fakes.policies import MemoryPolicies
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SURE = Estimate(0.9, 0.88, 0.92, 200, reasons=(("difficulty", -0.4), ("domain math", 0.2)))
LESS_SURE = Estimate(0.88, 0.86, 0.9, 100, reasons=(("domain math", 0.1),))
PAID = Decimal("0.00005")


class Ended:
    """Implements `Settlements` over a list."""

    def __init__(self, *settled: Settled) -> None:
        self.settled = settled

    async def over(self, period: Period) -> AsyncIterator[Settled]:
        for one in self.settled:
            if period.since <= one.at < period.until:
                yield one


def candidates(cheap: Estimate | None = LESS_SURE, dear: Estimate | None = SURE) -> tuple[Candidate, ...]:
    return (
        Candidate("cheap", "bargain", "external", rank=1, estimate=cheap),
        Candidate("dear", "boutique", "external", rank=2, estimate=dear),
    )


def settled(
    decision: dict[str, Any] | None = None, outcome: dict[str, Any] | None = None, **changes: Any
) -> tuple[Decision, Outcome, Settled]:
    """A request that `cheap` has answered for 100 tokens in and 50 out, as well as `dear` would have."""
    made = a_decision(**{"quality": HIGH, "candidates": candidates(), "chosen": "cheap", **(decision or {})})
    answered = {"model": "cheap", "provider": "bargain", "attempts": (), "usage": Usage(uncached=100, output=50)}
    ended = an_outcome(made, **{**answered, "charge": Charge(PAID), **(outcome or {})})
    whole = Settled(made.at, made.key_id, "USD", {"USD": PAID}, made, ended)
    return made, ended, structs.replace(whole, **changes)


async def report(*requests: Settled, by: Grouping = "day", cards: tuple[ModelCard, ...] = (CHEAP, DEAR)) -> SavingsReport:
    house = FakeInstallation(cards=cards)
    reporter = SavingsReporter(Ended(*requests), MemoryPolicies(), house.registry, house.time.world)
    return await reporter.report("dear", EVER, by)


async def reason(*parts: Any, **changes: Any) -> str:
    """Why the only request is not compared; its payment is kept in sight."""
    (total,) = (await report(settled(*parts, **changes)[2])).totals
    assert total.counted == total.paid == total.reference == total.saved == 0
    (left,) = total.left_out
    assert (left.requests, left.paid, total.ledger) == (1, PAID, PAID)
    return left.reason


async def test_the_reference_is_priced_for_the_answer_it_would_have_given() -> None:
    (total,) = (found := await report(settled()[2])).totals
    # 100 tokens in at 10 a million, and twice as many out as were written, at 50 a million
    assert (total.paid, total.reference, total.ledger) == (PAID, Decimal("0.006"), PAID)
    assert (total.saved, total.share, total.saved_low) == (Decimal("0.00595"), Decimal("0.9917"), None)
    assert (found.judged.scaled, found.judged.as_written, found.judged.by_reference) == (1, 0, 0)
    assert (found.judged.expected_quality, found.judged.expected_quality_reference) == (0.88, 0.9)
    assert (found.judged.goals, found.places) == ({"high": 1}, ("boutique/dear",))


async def test_a_ceiling_of_the_caller_would_have_held_for_the_reference() -> None:
    needs = Needs("chat", output_tokens=60)
    (total,) = (await report(settled({"needs": needs})[2])).totals
    assert total.reference == Decimal("0.004")
    (total,) = (await report(settled({"needs": structs.replace(needs, bounded=False)})[2])).totals
    assert total.reference == Decimal("0.006")


async def test_without_an_expected_length_the_answer_is_taken_as_written() -> None:
    unknown = structs.replace(SURE, output_tokens=None)
    (total,) = (found := await report(settled({"candidates": candidates(dear=unknown)})[2])).totals
    assert (total.reference, found.judged.scaled, found.judged.as_written) == (Decimal("0.0035"), 0, 1)


async def test_what_the_reference_answered_needs_no_estimate_and_may_have_cost_more() -> None:
    outcome = {"model": "dear", "provider": "boutique", "charge": Charge(Decimal("0.0035"))}
    plain = {"candidates": candidates(None, None), "quality": None}
    (total,) = (found := await report(settled(plain, outcome, paid={"USD": Decimal("0.0036")})[2])).totals
    assert (total.reference, total.saved, found.judged.by_reference) == (Decimal("0.0035"), Decimal("-0.0001"), 1)
    assert found.judged.expected_quality is None


async def test_what_is_not_compared_says_why() -> None:
    assert await reason({"kind": "embedding"}) == "not_chat"
    for status in ("broken", "left", "failed", "lost"):
        assert await reason(None, {"status": status}) == "unanswered"
    assert await reason({"candidates": candidates(cheap=None)}) == "no_estimate"
    assert await reason({"candidates": candidates(dear=None)}) == "no_estimate"
    assert await reason({"quality": None}) == "no_estimate"
    assert await reason(None, {"charge": Charge(Decimal(0), priced=False)}) == "unpriced"
    broken = Attempt("in-house", "local", "stream_broken", 200, Usage(uncached=100, output=7), Charge(Decimal("0.00001")))
    assert await reason(None, {"attempts": (broken,)}) == "two_models"
    unpriced = structs.replace(broken, usage=Usage(uncached=100), charge=Charge(Decimal(0), priced=False))
    assert await reason(None, {"attempts": (unpriced,)}) == "unpriced"
    assert await reason({"at": datetime(2025, 1, 1, tzinfo=UTC)}) == "no_reference_price"
    assert await reason(None, {"cache": CacheUse("hit-semantic", source="dec_first")}) == "similar"
    assert await reason(None, {"cache": CacheUse("hit-exact", source="dec_pruned")}) == "unreadable"
    _, _, whole = settled()
    (total,) = (await report(structs.replace(whole, decision=None, outcome=None), by="task")).totals
    assert (total.left_out[0].reason, total.ledger) == ("unreadable", PAID)


async def test_a_failed_call_before_the_answer_is_paid_and_compared() -> None:
    failed = Attempt("in-house", "local", "upstream_failed", 500)
    (total,) = (await report(settled(None, {"attempts": (failed,)}, paid={"USD": PAID * 3})[2])).totals
    assert (total.counted, total.paid) == (1, PAID * 3)


async def test_only_as_good_as_asked_counts() -> None:
    worse = structs.replace(LESS_SURE, quality=0.8, low=0.78)
    assert await reason({"candidates": candidates(worse)}) == "below"
    (total,) = (await report(settled({"candidates": candidates(worse), "quality": parse_goal("economy")})[2])).totals
    assert total.counted == 1
    strange = structs.replace(LESS_SURE, support=0.0)
    assert await reason({"candidates": candidates(strange)}) == "below"
    unknown = Estimate(0.95, 0.1, 1.0, 200)  # surely next to nothing: no reason to believe that another is as good
    assert await reason({"candidates": candidates(dear=unknown)}) == "below"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.2), st.floats(0.5, 1))
def test_no_answer_counts_that_is_expected_to_be_worse_than_asked(
    mine: float, its: float, width: float, share: float
) -> None:
    estimates = [Estimate(quality, max(0.0, quality - width), 1.0) for quality in (mine, its)]
    goal = parse_goal(f"{share:.4f}")
    answer = answer_of(settled({"candidates": candidates(*estimates), "quality": goal})[2])
    assert not isinstance(answer, str)
    found = equal(answer, [DEAR.place])
    good = all(one >= goal.share * other - 1e-6 for one, other in ((mine, its), (estimates[0].low, estimates[1].low)))
    assert good or not isinstance(found, Equal)
    if mine >= its:
        assert isinstance(found, Equal)


async def test_the_same_question_again_is_compared_by_its_first_answer() -> None:
    _, first, paid = settled()
    hit = {"model": None, "provider": None, "usage": Usage(), "charge": Charge(Decimal(0))}
    cache = CacheUse("hit-exact", source=first.decision_id, saved=first.charge)
    _, _, again = settled(None, {**hit, "cache": cache}, paid={}, source=first)
    (total,) = (await report(paid, again, by="model")).totals
    assert (total.counted, total.from_cache, total.paid) == (2, 1, PAID)
    assert (total.reference, total.saved_by_cache) == (Decimal("0.012"), Decimal("0.006"))


async def test_currencies_are_never_mixed() -> None:
    yen = structs.replace(DEAR, prices=(Price(DEAR.prices[0].valid_from, Decimal(1500), Decimal(7500), currency="JPY"),))
    free = settled(None, {"charge": Charge(Decimal(0))}, paid={})[2]
    paid_in_yen = settled(None, {"charge": Charge(Decimal("0.1"), "JPY")}, paid={"JPY": Decimal("0.1")})[2]
    both = settled(paid={"JPY": Decimal("0.2"), "USD": PAID})[2]
    found = await report(settled()[2], free, paid_in_yen, both, cards=(CHEAP, yen))
    totals = {one.currency: one for one in found.totals}
    assert (totals["JPY"].counted, totals["JPY"].paid, totals["JPY"].ledger) == (2, Decimal("0.1"), Decimal("0.3"))
    assert totals["USD"].counted == totals["USD"].reference == 0
    assert totals["USD"].ledger == 2 * PAID
    assert [left.reason for one in totals.values() for left in one.left_out] == ["currency", "currency"]


async def test_rows_are_days_keys_models_or_tasks_and_add_up() -> None:
    _, _, one = settled()
    other = settled({"key_id": "key_2"}, at=datetime(2026, 5, 5, tzinfo=UTC), key_id="key_2")[2]
    expected: dict[Grouping, list[str]] = {
        "day": [f"{LONG_AGO:%Y-%m-%d}", "2026-05-05"],
        "key": ["key_1", "key_2"],
        "model": ["cheap"],
        "task": ["math"],
    }
    for by, groups in expected.items():
        found = await report(one, other, by=by)
        assert [row.group for row in found.rows] == groups
        assert sum(row.saved for row in found.rows) == found.totals[0].saved


async def test_the_price_is_the_one_that_was_known_when_it_was_decided() -> None:
    policies = MemoryPolicies()
    house = FakeInstallation(cards=(CHEAP, DEAR), keep=policies.keep)
    basis = await house.registry.basis_id()
    dearer = structs.replace(DEAR, prices=(structs.replace(DEAR.prices[0], input=Decimal(99), output=Decimal(99)),))
    house.registry.installation = structs.replace(house.registry.installation, cards=(CHEAP, dearer))
    costs = []
    for known in (basis, ""):
        ended = Ended(settled({"basis": known})[2])
        found = await SavingsReporter(ended, policies, house.registry, house.time.world).report("dear", EVER, "day")
        costs.append(found.totals[0].reference)
    assert costs == [Decimal("0.006"), Decimal("0.0198")]


async def test_a_reference_that_a_rule_excluded_is_compared_and_counted() -> None:
    cheap, dear = candidates()
    excluded = structs.replace(dear, objections=(Exclusion("clearance", "confidential", "internal"),), rank=None)
    found = await report(settled({"candidates": (cheap, excluded)})[2])
    assert (found.totals[0].counted, found.judged.not_permitted) == (1, 1)


async def test_mistakes_say_what_to_do_next() -> None:
    house = FakeInstallation(cards=(CHEAP, structs.replace(IN_HOUSE, prices=()), DEAR, EMBEDDER))
    registry: Registry = house.registry

    async def asked(name: str) -> None:
        await SavingsReporter(Ended(), MemoryPolicies(), registry, house.time.world).report(name, EVER, "day")

    with pytest.raises(NotFound, match="Did you mean dear") as unknown:
        await asked("daer")
    assert "近い名前：dear" in unknown.value.message("ja")
    with pytest.raises(NotFound, match="With a price there are cheap, dear"):
        await asked("gpt-unheard-of")
    with pytest.raises(NotFound, match="no chat model 'embedder'"):
        await asked("embedder")
    with pytest.raises(InvalidRequest, match="in-house has no known price"):
        await asked("in-house")
    with pytest.raises(NotFound, match="nothing to compare: name another --since"):
        await asked("dear")
