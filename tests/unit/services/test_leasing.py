"""Several processes share every limit: together they grant it and no more, whoever dies, is cut off, or starts again."""

import asyncio
import contextlib
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.callers import ApiKey, Limits
from kyozon.domain.errors import BudgetReached, LimitReached, StorageUnavailable
from kyozon.services.leasing import Leasing
from kyozon.services.limiter import Limiter, Reservation
from kyozon.services.scopes import SharedLimits
from tests.fakes.installation import api_key
from tests.fakes.leases import MemoryLeases, SharedCeilings
from tests.fakes.memory import MemoryBook
from tests.fakes.steered import Steered

NO_MONEY = Decimal(0)
KEY = api_key(limits=Limits(requests_per_minute=60, tokens_per_minute=6000, money_per_month=Decimal(10)))


class _Installation:
    """Processes on one database; each has a clock of its own, all go alike."""

    def __init__(self) -> None:
        self.time = Steered()
        self.ceilings = SharedCeilings(MemoryBook([]), lambda: self.time.now)
        self.joined = 0

    def process(self, shared: SharedLimits | None = None) -> "_Process":
        self.joined += 1
        return _Process(self, f"srv_{self.joined}", shared)


class _Process:
    def __init__(self, home: _Installation, name: str, shared: SharedLimits | None) -> None:
        self.name = name
        self.leases = MemoryLeases(home.ceilings, name)
        self.leasing = Leasing(self.leases, home.time.world, patience=0.05)
        self.leasing.confirm(float("inf"))
        self.leases.listen(self.leasing.heard)
        self.limiter = Limiter(self.leasing, home.time.world, shared)

    async def ask(
        self, key: ApiKey = KEY, tokens: int = 100, money: str = "0.1", models: tuple[str, ...] = ()
    ) -> Reservation:
        return await self.limiter.reserve(key, tokens, Decimal(money), models)

    async def crowd(self, count: int, key: ApiKey, **each: Any) -> int:
        """How many of so many requests at once are granted."""
        found = await asyncio.gather(*(self.ask(key, **each) for _ in range(count)), return_exceptions=True)
        assert {type(one) for one in found} <= {Reservation, LimitReached, BudgetReached}
        return sum(isinstance(one, Reservation) for one in found)


def _limited(**limits: object) -> ApiKey:
    return api_key(limits=structs.replace(Limits(), **limits))


async def test_alone_one_question_to_the_database_is_enough() -> None:
    process = _Installation().process()
    for _ in range(60):
        process.limiter.settle(await process.ask(), 50, Decimal("0.01"))
    with pytest.raises(LimitReached):
        await process.ask()
    assert process.leases.trades == 1


async def test_without_limits_nobody_asks_anything() -> None:
    process = _Installation().process(SharedLimits(users={"bob": Limits(requests_per_minute=1)}))
    for key in (api_key(), _limited(concurrent_requests=1)):
        reservation = await process.ask(key)
        process.limiter.settle(reservation, 5, Decimal(1))
        assert (reservation.takings, reservation.budgeted, process.limiter.remaining(key)) == ((), False, {})
    assert process.leases.trades == 0


@pytest.mark.parametrize(
    ("limits", "each", "expected"),
    [
        ({"requests_per_minute": 61}, {}, 61),
        ({"tokens_per_minute": 6100}, {"tokens": 100}, 61),
        ({"money_per_month": Decimal("6.1")}, {"money": "0.1"}, 61),
    ],
)
@pytest.mark.parametrize("count", [2, 3])
async def test_together_they_grant_the_limit_and_no_more(
    limits: dict[str, object], each: dict[str, object], expected: int, count: int
) -> None:
    home, key = _Installation(), _limited(**limits)
    processes = [home.process() for _ in range(count)]
    granted = 0
    for _ in range(30):
        found = await asyncio.gather(*(process.crowd(10, key, **each) for process in processes))
        granted += sum(found)
        home.time.now += timedelta(microseconds=1)  # so little that nothing whole flows back, enough to end no rest
    assert granted == expected


@pytest.mark.parametrize("kind", ["users", "tenants", "models"])
async def test_users_tenants_and_models_are_shared_alike(kind: str) -> None:
    name = {"users": "ann", "tenants": "default", "models": "cheap"}[kind]
    home = _Installation()
    shared = SharedLimits(**{kind: {name: Limits(requests_per_minute=9)}})
    processes = [home.process(shared) for _ in range(2)]
    found = [await process.crowd(6, api_key(process.name), models=("cheap",)) for process in processes]
    assert sum(found) == 9


async def test_one_that_holds_all_parts_with_what_another_needs() -> None:
    home = _Installation()
    first, key = home.process(), _limited(requests_per_minute=60, money_per_month=Decimal(10))
    await first.ask(key, money="1")
    second = home.process()
    assert await second.crowd(20, key, money="0.2") == 20
    assert await first.crowd(39, key, money="0.1") == 39
    assert await second.crowd(1, key) == 0
    assert await first.crowd(1, key) == 0


async def test_a_request_as_large_as_the_limit_is_granted_wherever_it_comes() -> None:
    home, key = _Installation(), _limited(tokens_per_minute=1000)
    processes = [home.process() for _ in range(3)]
    for process in [*processes, *processes]:
        reservation = await process.ask(key, tokens=1000)
        process.limiter.settle(reservation, 1000, NO_MONEY)
        with pytest.raises(LimitReached):
            await process.ask(key, tokens=1000)
        home.time.advance(minutes=1)


async def test_what_is_not_used_comes_back_though_the_rest_was_given_away() -> None:
    home, key = _Installation(), _limited(tokens_per_minute=1000)
    first = home.process()
    large = await first.ask(key, tokens=800)
    second = home.process()
    assert await second.crowd(3, key, tokens=100) == 2
    first.limiter.settle(large, 100, NO_MONEY)
    home.time.advance(seconds=0.6)  # the rest, and ten tokens flow back
    assert await second.crowd(9, key, tokens=100) == 7


async def test_a_restart_refills_nothing() -> None:
    home = _Installation()
    first = home.process()
    for _ in range(30):
        first.limiter.settle(await first.ask(), 100, Decimal("0.1"))
    await first.leasing.stop()
    assert home.ceilings.servers == {}
    second = home.process()
    await second.ask()
    left = second.limiter.remaining(KEY)
    assert (left["requests"].left, left["tokens"].left) == (29, 2900)
    with pytest.raises(BudgetReached, match=r"3.0 is spent and 0.1 reserved"):
        await second.ask(money="7")


async def test_what_a_dead_process_held_is_granted_by_nobody() -> None:
    home = _Installation()
    first = home.process()
    for _ in range(10):
        first.limiter.settle(await first.ask(), 100, Decimal("0.1"))
    second = home.process()
    await second.leases.void(first.name)
    with pytest.raises(LimitReached):
        await second.ask()
    home.time.advance(seconds=30)
    assert await second.crowd(60, _limited(requests_per_minute=60)) == 30


async def test_what_is_idle_goes_back_and_what_is_in_use_stays() -> None:
    home = _Installation()
    first = home.process()
    busy = await first.ask(_limited(requests_per_minute=60))
    first.limiter.settle(await first.ask(api_key("idle", KEY.limits)), 0, NO_MONEY)
    home.time.advance(seconds=20)
    await first.leasing.give_back(15)
    assert {pool[0][2] for pool in first.leasing.buckets} == {"key_test"}
    assert all(purse.amount == 0 for purse in first.leasing.purses.values())
    first.limiter.settle(busy, 0, NO_MONEY)
    home.time.advance(seconds=20)
    await first.leasing.give_back(15)
    assert first.leasing.buckets == {}
    before = first.leases.trades
    await first.leasing.give_back(15)
    assert first.leases.trades == before


async def test_a_request_that_comes_while_idle_shares_go_back_loses_none_of_them() -> None:
    home, key = _Installation(), _limited(requests_per_minute=60)
    first = home.process()
    first.limiter.settle(await first.ask(key), 0, NO_MONEY)
    home.time.advance(seconds=20)
    returning = asyncio.create_task(first.leasing.give_back(15))
    await asyncio.sleep(0)
    assert not returning.done()
    await first.ask(key)
    await returning
    assert await first.crowd(60, key) == 59


async def test_what_was_spent_after_the_lease_was_given_away_is_told() -> None:
    home, key = _Installation(), _limited(money_per_month=Decimal(10))
    first, second = home.process(), home.process()
    running = await first.ask(key, money="1")
    await second.ask(key, money="9")
    first.limiter.settle(running, 0, Decimal(4))
    home.time.advance(seconds=1)
    await first.leasing.stop()
    with pytest.raises(BudgetReached, match="4 is spent"):
        await second.ask(key, money="0.1")


async def test_tending_goes_on_when_the_database_was_away() -> None:
    home = _Installation()
    first = home.process()
    first.limiter.settle(await first.ask(), 0, NO_MONEY)
    first.leases.failing = {"trade"}
    tending = asyncio.create_task(first.leasing.tend())
    for _ in range(50):
        await asyncio.sleep(0)
    first.leases.failing = set()
    for _ in range(50):
        await asyncio.sleep(0)
    tending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tending
    assert first.leasing.buckets == {}
    assert home.ceilings.buckets[("key", "default", "key_test"), "requests"].shares == {}


async def test_a_lost_database_is_never_a_limit() -> None:
    home = _Installation()
    process = home.process()
    process.leases.failing = {"trade"}
    with pytest.raises(StorageUnavailable):
        await process.ask()
    process.leases.failing = set()
    await process.ask()
    home.process()
    process.leases.failing = {"trade"}
    for _ in range(59):  # what is held may be granted; that it is recorded is the journal's matter
        await process.ask()
    process.leases.failing = set()
    with pytest.raises(LimitReached):
        await process.ask()


async def test_a_share_of_a_limit_that_is_used_up_is_no_limit_either_while_nobody_can_be_asked() -> None:
    home, key = _Installation(), _limited(requests_per_minute=60)
    first, second = home.process(), home.process()
    await second.ask(key)
    granted = await first.crowd(15, key)
    assert granted == 15
    first.leases.failing = {"trade"}
    for _ in range(int(first.limiter.remaining(key)["requests"].left)):
        await first.ask(key)
    with pytest.raises(StorageUnavailable):
        await first.ask(key)


@pytest.mark.parametrize("failing", ["trade", "reply"])
async def test_a_trade_that_breaks_gives_nothing_twice(failing: str) -> None:
    home, key = _Installation(), _limited(requests_per_minute=60, money_per_month=Decimal(6))
    first, second = home.process(), home.process()
    chance, granted = random.Random(7), []  # noqa: S311 - a test's mixture
    for _ in range(300):
        process = chance.choice((first, second))
        process.leases.failing = {failing} if chance.random() < 0.2 else set()
        with contextlib.suppress(LimitReached, BudgetReached, StorageUnavailable):
            granted.append((process, await process.ask(key, money="0.1")))
        home.time.now += timedelta(microseconds=1)
    assert 0 < len(granted) <= 60
    for process, reservation in granted:
        process.limiter.settle(reservation, 0, NO_MONEY)
    for process in (first, second):
        process.leases.failing = set()
        await process.leasing.give_back(0)
    home.time.advance(minutes=1)  # and nothing of the limit is lost for good
    assert await second.crowd(61, _limited(requests_per_minute=60)) == 60


async def test_who_may_have_been_taken_for_dead_grants_nothing_until_that_is_certain() -> None:
    home = _Installation()
    process = home.process()
    await process.ask()
    home.time.advance(seconds=1)
    process.leasing.confirm(0.0)
    with pytest.raises(StorageUnavailable, match="may still grant"):
        await process.ask()
    waiting = asyncio.create_task(process.ask())
    await asyncio.sleep(0)
    process.leasing.confirm(5.0)
    assert (await waiting).takings


async def test_who_was_taken_for_dead_begins_anew_and_its_old_requests_change_nothing() -> None:
    home = _Installation()
    process = home.process()
    old = await process.ask(tokens=6000, money="10")
    process.leasing.void()
    await process.leases.void(process.name)
    home.ceilings.servers[process.name] = process.leasing.heard
    home.time.advance(minutes=1)
    await process.ask(tokens=6000, money="10")
    process.limiter.settle(old, 0, NO_MONEY)
    for tokens, money in ((1, "0"), (0, "0.1")):
        with pytest.raises((LimitReached, BudgetReached)):
            await process.ask(tokens=tokens, money=money)


async def test_at_the_turn_of_a_month_what_is_reserved_stays_reserved() -> None:
    home, key = _Installation(), _limited(money_per_month=Decimal(10))
    first, second = home.process(), home.process()
    running = await first.ask(key, money="4")
    home.time.advance(days=31)
    with pytest.raises(BudgetReached):
        await first.ask(key, money="6.5")
    await first.ask(key, money="6")
    with pytest.raises(BudgetReached):
        await second.ask(key, money="0.1")
    first.limiter.settle(running, 0, Decimal(1))
    home.time.advance(seconds=1)
    await second.ask(key, money="3")
    with pytest.raises(BudgetReached, match="1 is spent"):
        await first.ask(key, money="0.1")


async def test_a_lease_of_the_month_before_is_none_of_this_one() -> None:
    home, key = _Installation(), _limited(money_per_month=Decimal(10))
    first, second = home.process(), home.process()
    late = asyncio.create_task(first.ask(key, money="4"))
    await asyncio.sleep(0)
    home.time.advance(days=31)
    await asyncio.gather(late, first.ask(key, money="1"))
    assert first.leasing.purses["key", "default", key.id].amount == 5
    await second.ask(key, money="5")
    with pytest.raises(BudgetReached):
        await second.ask(key, money="0.1")


@pytest.mark.parametrize("failing", ["trade", "reply"])
async def test_what_is_on_its_way_back_is_granted_by_nobody_else(failing: str) -> None:
    home, key = _Installation(), _limited(requests_per_minute=60)
    first = home.process()
    first.limiter.settle(await first.ask(key), 0, NO_MONEY)
    second = home.process()
    first.leases.failing = {failing}
    with pytest.raises(StorageUnavailable):
        await first.leasing.give_back(0)
    granted = await second.crowd(60, key)
    with pytest.raises((LimitReached, StorageUnavailable)):
        await first.ask(key)
    assert granted == (59 if failing == "reply" else 0)


async def test_who_asks_in_vain_does_not_ask_again_at_once() -> None:
    home, key = _Installation(), _limited(requests_per_minute=10)
    first, second = home.process(), home.process()
    assert await first.crowd(10, key) + await second.crowd(10, key) == 10
    before = first.leases.trades + second.leases.trades
    assert await first.crowd(50, key) + await second.crowd(50, key) == 0
    assert first.leases.trades + second.leases.trades - before <= 8


async def test_a_model_without_room_here_may_have_room_elsewhere() -> None:
    home = _Installation()
    shared = SharedLimits(models={"cheap": Limits(requests_per_minute=2)})
    first, second = home.process(shared), home.process(shared)
    await first.ask(models=("cheap",))
    assert await second.limiter.has_room("cheap", 1, NO_MONEY)
    await second.ask(models=("cheap",))
    assert not await first.limiter.has_room("cheap", 1, NO_MONEY)
    assert await first.limiter.has_room("dear", 1, NO_MONEY)
