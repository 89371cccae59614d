"""Charges are exact; what is not known of a price is never guessed cheaper."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kyozon.domain.models import Price
from kyozon.domain.usage import Charge, Usage
from kyozon.metering.pricing import affordable, charge, charge_at_most, price_at
from tests.fakes.strategies import prices, usages


def _exact(usage: Usage, price: Price) -> Fraction:
    cached = price.input if price.cached_input is None else price.cached_input
    written = price.input if price.cache_write is None else price.cache_write
    for_an_hour = written if price.cache_write_hour is None else price.cache_write_hour
    for_minutes = usage.cache_write - usage.cache_write_hour
    tokens = (usage.uncached, usage.cache_read, for_minutes, usage.cache_write_hour, usage.output)
    each = (price.input, cached, written, for_an_hour, price.output)
    reading = sum((count * Fraction(money) for count, money in zip(tokens, each, strict=True)), Fraction(0))
    return reading / 1_000_000 + usage.searches * Fraction(price.thousand_searches or 0) / 1_000


@given(usages, prices)
def test_exact(usage: Usage, price: Price) -> None:
    found = charge(usage, price)
    assert Fraction(found.amount) == _exact(usage, price)
    assert (found.currency, found.price_from, found.priced) == (price.currency, price.valid_from, True)
    assert found.amount >= 0


@given(usages, prices)
def test_an_unknown_cache_price_is_the_price_of_input(usage: Usage, price: Price) -> None:
    unknown = structs.replace(price, cached_input=None, cache_write=None, cache_write_hour=None)
    as_input = Usage(uncached=usage.input, output=usage.output, searches=usage.searches)
    assert charge(usage, unknown).amount == charge(as_input, unknown).amount


@given(usages, prices)
def test_never_cheaper_than_if_the_cache_had_been_read(usage: Usage, price: Price) -> None:
    cheap = structs.replace(price, cached_input=price.input / 2, cache_write=price.input, cache_write_hour=None)
    unknown = structs.replace(cheap, cached_input=None, cache_write=None)
    assert charge(usage, unknown).amount >= charge(usage, cheap).amount


@given(usages, usages, prices)
def test_two_answers_cost_what_one_of_both_sizes_costs(a: Usage, b: Usage, price: Price) -> None:
    assert charge(a, price).amount + charge(b, price).amount == charge(a + b, price).amount


@given(usages)
def test_without_a_price_the_amount_says_nothing(usage: Usage) -> None:
    assert charge(usage, None) == Charge(Decimal(0), priced=False)


_lists = st.lists(prices, max_size=5, unique_by=lambda price: (price.valid_from, price.above_input))


@given(_lists, st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.integers(0, 400_000))
def test_the_latest_price_in_force(listed: list[Price], day: date, tokens: int) -> None:
    found = price_at(listed, day, tokens)
    fitting = [
        price for price in listed if price.valid_from <= day and (not price.above_input or tokens > price.above_input)
    ]
    if found is None:
        assert not fitting
    else:
        assert found in fitting
        assert all(price.valid_from <= found.valid_from for price in fitting)
        assert all(price.above_input <= found.above_input for price in fitting if price.valid_from == found.valid_from)
    assert price_at(reversed(listed), day, tokens) == found


def test_long_prompts_may_cost_more() -> None:
    usual = Price(date(2026, 1, 1), Decimal(1), Decimal(1))
    long = structs.replace(usual, above_input=200_000, input=Decimal(2))
    assert [price_at([long, usual], date(2026, 1, 1), tokens) for tokens in (0, 200_000, 200_001)] == [usual, usual, long]


def test_a_price_holds_from_its_first_day() -> None:
    first = Price(date(2026, 1, 1), Decimal(1), Decimal(1))
    second = structs.replace(first, valid_from=date(2026, 2, 1), input=Decimal(2))
    assert price_at([first, second], date(2026, 2, 1)) is second
    assert price_at([first, second], date(2026, 2, 1) - timedelta(days=1)) is first
    assert price_at([first, second], date(2025, 12, 31)) is None


@given(st.integers(0, 10_000))
def test_a_long_prompt_costs_the_price_of_long_prompts(tokens: int) -> None:
    ordinary = Price(date(2026, 1, 1), Decimal(1), Decimal(1))
    long = Price(date(2026, 1, 1), Decimal(2), Decimal(2), above_input=5_000)
    found = price_at([ordinary, long], date(2026, 7, 1), tokens)
    assert found is (long if tokens > 5_000 else ordinary)


@given(st.integers(0, 10_000))
def test_a_later_flat_price_ends_the_price_of_long_prompts(tokens: int) -> None:
    ordinary = Price(date(2026, 1, 1), Decimal(1), Decimal(1))
    long = Price(date(2026, 1, 1), Decimal(9), Decimal(9), above_input=5_000)
    flat = Price(date(2026, 6, 1), Decimal(3), Decimal(3))
    assert price_at([ordinary, long, flat], date(2026, 6, 1), tokens) is flat


def test_a_later_price_of_long_prompts_leaves_the_short_ones_theirs() -> None:
    ordinary = Price(date(2026, 1, 1), Decimal(1), Decimal(1))
    long = Price(date(2026, 6, 1), Decimal(2), Decimal(2), above_input=5_000)
    assert [price_at([ordinary, long], date(2026, 6, 1), tokens) for tokens in (5_000, 5_001)] == [ordinary, long]


@given(st.decimals(0, 10, places=6), st.integers(0, 100_000), prices)
def test_as_much_as_the_money_pays_for_and_no_more(money: Decimal, tokens: int, price: Price) -> None:
    most = affordable(money, tokens, price)
    if most is None:
        assert not price.output
        return
    found = [charge_at_most(tokens, output, price) for output in (max(0, most), max(0, most) + 1)]
    assert most <= 0 or (found[0] is not None and found[0] <= money)
    assert found[1] is not None
    assert found[1] > money


def test_money_is_not_overspent_where_writing_the_input_to_a_cache_costs_more() -> None:
    price = Price(date(2026, 1, 1), Decimal(3), Decimal(15), cache_write_hour=Decimal(6))
    most = affordable(Decimal("0.01"), 1000, price)
    assert most is not None
    assert charge(Usage(cache_write=1000, cache_write_hour=1000, output=most), price).amount <= Decimal("0.01")


def test_without_a_price_money_is_no_limit() -> None:
    assert affordable(Decimal(0), 100, None) is None


def test_usages_add_up() -> None:
    one, other = Usage(1, 2, 3, 4, 5, searches=6), Usage(10, 20, 30, 40, 50, estimated=True, searches=60)
    assert one + other == other + one == Usage(11, 22, 33, 44, 55, estimated=True, searches=66)
    assert not (one + one).estimated


@given(usages, prices)
def test_no_split_of_the_input_costs_more_than_is_held(usage: Usage, price: Price) -> None:
    most = charge_at_most(usage.input, usage.output, price, usage.searches)
    assert most is not None
    assert charge(usage, price).amount <= most or (price.cached_input or 0) > price.input
