"""What every `Leases` must do. A store's own test inherits the suite and makes the store, for any number of servers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

from kyozon.metering.limits import MINUTE
from kyozon.ports.leases import Leases, MoneyLease, MoneyTrade, Place, RateLease, RateTrade, Word

Joins = Callable[[str], Awaitable[Leases]]
KEY: Place = ("key", "acme", "key_1")
MONTH = datetime(2026, 5, 1, tzinfo=UTC)
SOON = MINUTE  # what may have flowed back while a test ran: one of the sixty a minute


async def rate(leases: Leases, *, kept: int = 0, back: int = 0, limit: int = 60, want: int | None = None) -> RateLease:
    """One trade of a ceiling per minute; `want` of it are missing."""
    level, room = (None, 0) if want is None else (want * MINUTE, want)
    trade = RateTrade(KEY, "requests", limit, kept, back * MINUTE, level, room)
    (lease,) = await leases.trade([trade], "gave" if want is None else "ask")
    assert isinstance(lease, RateLease)
    return lease


async def money(leases: Leases, *, kept: str = "0", spent: str = "0", want: str | None = None) -> MoneyLease:
    """One trade of a budget of 10."""
    wanted = None if want is None else Decimal(want)
    trade = MoneyTrade(KEY, MONTH, Decimal(10), Decimal(kept), Decimal(spent), wanted)
    (lease,) = await leases.trade([trade], "gave" if want is None else "ask")
    assert isinstance(lease, MoneyLease)
    return lease


class LeasesSuite:
    """Subclasses have a fixture `joins`, which makes the leases of one more server, and `said`, what servers have told."""

    async def test_who_is_alone_gets_all(self, joins: Joins) -> None:
        first = await joins("srv_1")
        assert await rate(first, want=1) == RateLease(60, 60 * MINUTE, 0)
        assert await money(first, want="0.1") == MoneyLease(Decimal(10), Decimal(0), 0, Decimal(0))

    async def test_of_two_each_gets_half_of_what_is_free_or_what_it_needs(self, joins: Joins) -> None:
        first, second = await joins("srv_1"), await joins("srv_2")
        assert await rate(first, want=1) == RateLease(30, 30 * MINUTE, 0)
        assert await rate(second, want=20) == RateLease(20, 20 * MINUTE, 1)
        assert (await money(first, want="0.1")).amount == 5
        assert (await money(second, want="4")).amount == 4

    async def test_a_want_is_told_to_those_who_hold_the_rest(
        self, joins: Joins, said: Callable[[], Awaitable[list[Word]]]
    ) -> None:
        first = await joins("srv_1")
        await rate(first, want=1)
        await money(first, want="1")
        second = await joins("srv_2")
        assert await rate(second, want=3) == RateLease(0, 0, 1)
        assert (await money(second, want="2")).amount == 0
        wanted = [Word("srv_2", KEY, "requests", Decimal(3 * MINUTE), 3), Word("srv_2", KEY, "money 2026-05", Decimal(2))]
        assert await said() == wanted
        await rate(first, kept=50, back=10)
        await money(first, kept="7")
        assert (await said())[2:] == [Word("srv_1", KEY, "requests"), Word("srv_1", KEY, "money 2026-05")]
        got = await rate(second, want=3)
        assert (got.share, got.level) == (5, 5 * MINUTE)
        assert (await money(second, want="2")).amount == 2

    async def test_a_successor_finds_what_was_left(self, joins: Joins) -> None:
        first = await joins("srv_1")
        await rate(first, want=1)
        await money(first, want="1")
        await rate(first, kept=0, back=7)
        await money(first, kept="0", spent="4")
        second = await joins("srv_2")
        assert 7 * MINUTE <= (await rate(second, want=60)).level <= 7 * MINUTE + SOON
        found = await money(second, want="10")
        assert found == MoneyLease(Decimal(6), Decimal(4), 0, Decimal(0))

    async def test_what_a_dead_server_held_comes_back_empty(self, joins: Joins) -> None:
        first = await joins("srv_1")
        await rate(first, want=1)
        second = await joins("srv_2")
        await second.void("srv_1")
        found = await rate(second, want=1)
        assert found.share == 60
        assert found.level <= SOON

    async def test_who_has_left_is_not_there_any_more_unless_it_holds_something(self, joins: Joins) -> None:
        first = await joins("srv_1")
        await rate(first, want=1)
        await money(first, want="1")
        second = await joins("srv_2")
        await first.leave()
        assert (await rate(second, want=1)).others == 1
        await rate(first, kept=0, back=60)
        await money(first, kept="0", spent="4")
        await first.leave()
        assert (await rate(second, want=1)).share == 60  # alone
        assert await money(second, want="1") == MoneyLease(Decimal(6), Decimal(4), 0, Decimal(0))

    async def test_a_trade_nobody_heard_of_is_set_right_by_the_next(self, joins: Joins) -> None:
        first, second = await joins("srv_1"), await joins("srv_2")
        await rate(first, want=40)
        await money(first, want="8")
        await rate(first, kept=0, want=1)  # as if it had been given nothing: the level that came with it is gone
        assert (await money(first, kept="0", want="1")).amount == 5
        found = await rate(second, want=60)
        assert found.share == 30
        assert found.level <= 20 * MINUTE + SOON

    async def test_spending_is_told_as_often_as_need_be_and_counted_once(self, joins: Joins) -> None:
        first = await joins("srv_1")
        await money(first, want="1")
        for _ in range(2):
            assert (await money(first, kept="7.5", spent="2.5")).spent == Decimal("2.5")
        assert await money(first, kept="7.25", spent="2.75", want="1") == MoneyLease(
            Decimal("7.25"), Decimal("2.75"), 0, Decimal(0)
        )

    async def test_a_lower_limit_counts_at_once_and_a_higher_one_flows_in(self, joins: Joins) -> None:
        first = await joins("srv_1")
        await rate(first, want=1)
        await rate(first, kept=0, back=60)
        assert await rate(first, limit=20, want=1) == RateLease(20, 20 * MINUTE, 0)
        await rate(first, limit=20, kept=0, back=20)
        found = await rate(first, limit=60, want=1)
        assert found.share == 60
        assert found.level <= 20 * MINUTE + SOON
