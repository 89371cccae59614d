"""What a usage costs: the price valid on the day of the event, exact in decimal arithmetic."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from kyozon.domain.models import Price
from kyozon.domain.usage import Charge, Usage

_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)


def price_at(prices: Iterable[Price], day: date, input_tokens: int = 0) -> Price | None:
    """The latest price in force on `day` for a request of that many input tokens; None where none had begun.

    Of one day's prices that for the longest prompts holds. A later price ends all earlier ones that it also fits: a vendor
    who no longer charges more for long prompts publishes one price without `above_input`.
    """
    longest, best = max(0, input_tokens - 1), None
    for price in prices:
        if price.valid_from > day or price.above_input > longest:
            continue
        if best is None or (price.valid_from, price.above_input) > (best.valid_from, best.above_input):
            best = price
    return best


def affordable(money: Decimal, input_tokens: int, price: Price | None) -> int | None:
    """Output tokens that `money` pays for besides the input, whatever part of that its vendor writes to a cache.

    None for any number, 0 or less where it pays for none.
    """
    if price is None or not price.output:
        return None
    left = money - input_tokens * _dearest(price) / _MILLION
    return int(left * _MILLION // price.output)


def charge_at_most(input_tokens: int, output_tokens: int, price: Price | None, searches: int = 0) -> Decimal | None:
    """Money that no answer exceeds, whatever part of the input its vendor writes to a cache; None without a price."""
    if price is None:
        return None
    return (input_tokens * _dearest(price) + output_tokens * price.output) / _MILLION + _searching(searches, price)


def _searching(searches: int, price: Price) -> Decimal:
    """What so many searches cost besides their tokens."""
    return searches * (price.thousand_searches or Decimal(0)) / _THOUSAND


def _dearest(price: Price) -> Decimal:
    """What a million input tokens cost at most."""
    return max(price.input, price.cache_write or price.input, price.cache_write_hour or price.input)


def charge(usage: Usage, price: Price | None) -> Charge:
    """Money for a usage. Without a price the amount is zero and marked as not priced.

    Where no separate price for cached tokens is known they cost what other input costs: never less than the bill.
    """
    if price is None:
        return Charge(Decimal(0), priced=False)
    cached = price.input if price.cached_input is None else price.cached_input
    written = price.input if price.cache_write is None else price.cache_write
    for_an_hour = written if price.cache_write_hour is None else price.cache_write_hour
    amount = (
        usage.uncached * price.input
        + usage.cache_read * cached
        + (usage.cache_write - usage.cache_write_hour) * written
        + usage.cache_write_hour * for_an_hour
        + usage.output * price.output
    ) / _MILLION
    return Charge(amount + _searching(usage.searches, price), price.currency, price.valid_from)
