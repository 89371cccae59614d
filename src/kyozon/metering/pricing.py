"""What a usage costs: the price valid on the day of the event, exact in decimal arithmetic."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from kyozon.domain.models import Price
from kyozon.domain.usage import Charge, Usage

_MILLION = Decimal(1_000_000)


def price_at(prices: Iterable[Price], day: date, input_tokens: int = 0) -> Price | None:
    """The latest price in force on `day` for a request of that many input tokens; None where none had begun."""
    fitting = [price for price in prices if price.valid_from <= day and price.above_input <= max(0, input_tokens - 1)]
    return max(fitting, key=lambda price: (price.above_input, price.valid_from), default=None)


def charge(usage: Usage, price: Price | None) -> Charge:
    """Money for a usage. Without a price the amount is zero and marked as not priced.

    Where no separate price for cached tokens is known they cost what other input costs: never less than the bill.
    """
    if price is None:
        return Charge(Decimal(0), priced=False)
    cached = price.input if price.cached_input is None else price.cached_input
    written = price.input if price.cache_write is None else price.cache_write
    amount = (
        usage.uncached * price.input + usage.cache_read * cached + usage.cache_write * written + usage.output * price.output
    ) / _MILLION
    return Charge(amount, price.currency, price.valid_from)
