"""The savings report over the real ledger: its sums are the postings', added up here once more without it."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec import structs

from kyozon.domain.decisions import Attempt, CacheUse, Candidate, Decision, Outcome
from kyozon.domain.errors import NotFound
from kyozon.domain.quality import HIGH, Estimate, parse_goal
from kyozon.domain.reports import Period
from kyozon.domain.savings import Grouping, SavingsReport
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.posting import hold, release, settle, settle_attempts
from kyozon.metering.pricing import charge
from kyozon.services.cache import CacheOptions
from kyozon.services.reporting.savings import SavingsReporter
from kyozon.storage.database import Database
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.policies import PostgresPolicies
from kyozon.storage.records import PostgresRecords
from kyozon.storage.settlements import PostgresSettlements
from tests.fakes.estimator import KnowsThree
from tests.fakes.installation import CHEAP, CONFIDENTIAL, DEAR, IN_HOUSE, FakeInstallation, ask
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
PLACES = {card.id: card for card in (CHEAP, IN_HOUSE, DEAR)}
# Independent of the code under test: every posting on a spending account, and nothing of the report's own query.
_SPENT = """
SELECT t.currency, p.amount FROM ledger_posting p JOIN ledger_transaction t ON t.id = p.transaction_id
WHERE p.account LIKE '%:spend' AND p.at >= $1 AND p.at < $2
"""


async def report(database: Database, house: FakeInstallation, period: Period = EVER, by: Grouping = "day") -> SavingsReport:
    settlements, policies = PostgresSettlements(database), PostgresPolicies(database)
    return await SavingsReporter(settlements, policies, house.registry, house.time.world).report("dear", period, by)


async def written(database: Database, requests: list[tuple[Decision, Outcome]]) -> None:
    """Recorded and booked as the server does it."""
    journal = PostgresJournal(database)
    for decision, outcome in requests:
        await journal.open(decision, hold(decision, decision.at))
        booked = [release(decision, outcome.at), settle(decision, outcome), *settle_attempts(decision, outcome)]
        await journal.close(outcome, [one for one in booked if one is not None])
    await journal.stop()


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - test cases, no secrets


def any_request(chance: random.Random, place: int) -> tuple[Decision, Outcome]:
    """One of three days and two keys, answered by one of three models or by none, some with a call that failed before."""
    wrote = chance.choice(["cheap", "in-house", "dear"])
    at = LONG_AGO + timedelta(hours=chance.randrange(72), seconds=place)
    lows = {"cheap": chance.choice([0.5, 0.86]), "in-house": 0.87, "dear": 0.9}
    candidates = tuple(
        Candidate(
            name, card.provider, card.zone, rank=1 + (name != wrote), estimate=Estimate(lows[name], lows[name], 1, tokens)
        )
        for (name, card), tokens in zip(PLACES.items(), (100, 150, 130), strict=True)
    )
    decision = a_decision(
        at=at, key_id=chance.choice(["key_1", "key_2"]), quality=HIGH, candidates=candidates, chosen=wrote
    )
    usage = Usage(uncached=chance.randrange(1, 9999), output=chance.randrange(1, 999), cache_read=chance.randrange(99))
    failed = Usage(uncached=chance.randrange(1, 500))
    before = Attempt("in-house", "local", "upstream_failed", 500, failed, charge(failed, IN_HOUSE.prices[0]))
    outcome = an_outcome(
        decision,
        at=at + timedelta(seconds=9),
        status=chance.choice(["answered"] * 5 + ["broken", "left"]),
        model=wrote,
        provider=PLACES[wrote].provider,
        usage=usage,
        charge=charge(usage, PLACES[wrote].prices[0]),
        attempts=(before,) if chance.random() < 0.2 else (),
    )
    return decision, outcome


def reckoned_again(requests: list[tuple[Decision, Outcome]]) -> Fraction:
    """What `dear` would have cost, in fractions: 10 a million in, 50 out, its answers as long as was expected."""
    whole = Fraction(0)
    for decision, outcome in requests:
        mine, its = (next(c.estimate for c in decision.candidates if c.model == m) for m in (outcome.model, "dear"))
        assert mine is not None
        assert its is not None
        if outcome.status == "answered" and mine.low >= 0.855:
            output = outcome.usage.output
            if outcome.model != "dear":
                output = round(Fraction(output * (its.output_tokens or 0), mine.output_tokens or 1))
            whole += Fraction(10 * outcome.usage.input + 50 * output, 1_000_000)
    return whole


async def test_every_sum_is_the_ledgers_to_the_last_digit(database: Database) -> None:
    chance = seeded(3)
    requests = [any_request(chance, place) for place in range(700)]  # more than one page of rows
    await written(database, requests)
    house = FakeInstallation(cards=(CHEAP, IN_HOUSE, DEAR))
    async with database.reading() as connection:
        postings = await connection.fetch(_SPENT, EVER.since, EVER.until)
    spent = sum(Fraction(row["amount"]) for row in postings)
    for by in ("day", "key", "model"):
        found = await report(database, house, by=by)
        (total,) = found.totals
        assert (Fraction(total.ledger), total.requests) == (spent, 700)
        assert total.ledger == total.paid + sum(left.paid for left in total.left_out)
        assert Fraction(total.reference) == reckoned_again(requests)
        assert total.saved == total.reference - total.paid > 0
        assert {left.reason for left in total.left_out} == {"below", "unanswered"}
        for name in ("ledger", "paid", "reference", "saved", "requests", "counted"):
            assert sum(getattr(row, name) for row in found.rows) == getattr(total, name)
    assert (total.share_low or 0) < (total.share or 0) < (total.share_high or 0)
    assert await report(database, house, by="model") == found


async def test_it_says_what_usage_says_of_the_same_days(database: Database) -> None:
    chance = seeded(4)
    await written(database, [any_request(chance, place) for place in range(60)])
    rows = await PostgresRecords(database, datetime.now(UTC)).usage("day", EVER.since.date(), None)
    found = await report(database, FakeInstallation(cards=(CHEAP, IN_HOUSE, DEAR)))
    assert [(row.group, row.ledger) for row in found.rows] == [(row.group, row.amount) for row in rows]


async def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(database: Database) -> None:
    chance = seeded(5)
    requests = [any_request(chance, place) for place in range(3)]
    requests = [
        (decision, structs.replace(outcome, at=LONG_AGO + timedelta(days=n)))
        for n, (decision, outcome) in enumerate(requests)
    ]
    await written(database, requests)
    house = FakeInstallation(cards=(CHEAP, IN_HOUSE, DEAR))
    period = Period(LONG_AGO + timedelta(days=1), LONG_AGO + timedelta(days=2))
    assert (await report(database, house, period)).totals[0].requests == 1
    assert (await report(database, house, structs.replace(EVER, tenant="acme"))).totals[0].requests == 3
    with pytest.raises(NotFound, match="no request of tenant nobody ended"):
        await report(database, house, structs.replace(EVER, tenant="nobody"))


async def test_the_money_of_pruned_records_stays_in_sight(database: Database) -> None:
    chance = seeded(6)
    requests = [any_request(chance, place) for place in range(2)]
    await written(database, requests)
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE decision DISABLE TRIGGER USER; UPDATE decision SET body = '{}'")
        await connection.execute("ALTER TABLE outcome DISABLE TRIGGER USER; UPDATE outcome SET body = '{}'")
    (total,) = (await report(database, FakeInstallation(cards=(CHEAP, IN_HOUSE, DEAR)), by="task")).totals
    assert [(left.reason, left.requests, left.paid) for left in total.left_out] == [("unreadable", 2, total.ledger)]
    assert total.ledger > 0


async def test_real_chats_with_a_cache_are_told_apart(database: Database) -> None:
    """A question asked twice, another one, and one that names its model: as the server decides and books them."""
    house = FakeInstallation(keep=PostgresPolicies(database).keep)
    house.measure(KnowsThree(), parse_goal("economy"))
    house.use_cache(CacheOptions(exact=True, semantic=True))
    for text in ("How many days has a leap year?", "How many days has a leap year?", "Name a river in Hokkaido."):
        await house.chat.answer(ask(messages=[{"role": "user", "content": text}]))
    await house.chat.answer(ask("in-house", declared=CONFIDENTIAL))
    await house.drain()
    journal = PostgresJournal(database)
    for decision in house.book.decisions_by_id.values():
        await journal.open(decision, house.book.transactions.get(f"hold:{decision.id}"))
        booked = [one for one in house.book.transactions.values() if one.decision_id == decision.id and one.kind != "hold"]
        await journal.close(house.book.outcomes[decision.id], booked)
    await journal.stop()
    (total,) = (found := await report(database, house, by="model")).totals
    assert (total.counted, total.from_cache) == (3, 1)
    assert [(left.reason, left.requests) for left in total.left_out] == [("no_estimate", 1)]
    assert total.ledger == sum(
        (outcome.charge.amount + sum(call.charge.amount for call in outcome.calls if call.charge))
        for outcome in house.book.outcomes.values()
    )
    hits = [o for o in house.book.outcomes.values() if isinstance(o.cache, CacheUse) and o.cache.hit]
    assert [one.charge for one in hits] == [Charge(Decimal(0))]
    assert total.saved_by_cache > 0
    assert found.judged.scaled == 3
