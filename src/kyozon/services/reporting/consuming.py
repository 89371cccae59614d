"""Adds up what calls have used and cost."""

from decimal import Decimal

from kyozon.domain.reports import Consumption
from kyozon.services.reporting.calls import Made


class Consuming:
    """A running sum over calls."""

    def __init__(self) -> None:
        self._read = 0
        self._written = 0
        self._amounts: dict[str, Decimal] = {}
        self._unpriced = 0

    def take(self, made: Made) -> None:
        """Add one call."""
        self._read += made.usage.input
        self._written += made.usage.output
        charge = made.charge
        if charge is None:
            return
        if charge.priced:
            self._amounts[charge.currency] = self._amounts.get(charge.currency, Decimal(0)) + charge.amount
        else:
            self._unpriced += 1

    def sum(self) -> Consumption:
        """What it comes to."""
        money = {currency: amount for currency, amount in sorted(self._amounts.items()) if amount}
        return Consumption(self._read, self._written, money, self._unpriced)
