"""Sums of a saving, and how far it would vary over other requests like these."""

from decimal import Decimal, localcontext

from msgspec import Struct

_FEWEST = 30
"""Requests below which a normal interval says little."""
_NORMAL = Decimal("1.959964")
_DIGITS = 60
_MONEY = Decimal("0.000001")
_SHARE = Decimal("0.0001")
_ZERO = Decimal(0)

Interval = tuple[Decimal, Decimal] | None


class Sums(Struct):
    """Running sums over pairs of money: paid, and what the reference would have cost. They are all that intervals need."""

    requests: int = 0
    paid: Decimal = _ZERO
    reference: Decimal = _ZERO
    _saved_squared: Decimal = _ZERO
    _reference_squared: Decimal = _ZERO
    _product: Decimal = _ZERO

    def take(self, paid: Decimal, reference: Decimal) -> None:
        """Add one request."""
        with localcontext(prec=_DIGITS):
            saved = reference - paid
            self.requests += 1
            self.paid += paid
            self.reference += reference
            self._saved_squared += saved * saved
            self._reference_squared += reference * reference
            self._product += saved * reference

    @property
    def saved(self) -> Decimal:
        """Negative where more was paid than the reference would have cost."""
        return self.reference - self.paid

    @property
    def share(self) -> Decimal | None:
        """What was saved, as a share of the reference's cost; None where that is nothing."""
        return (self.saved / self.reference).quantize(_SHARE) if self.reference else None

    def saved_between(self) -> Interval:
        """95 % interval of `saved`: of a sum of independent requests, each as varied as these. None for fewer than 30."""
        if self.requests < _FEWEST:
            return None
        with localcontext(prec=_DIGITS):
            around = self._saved_squared - self.saved * self.saved / self.requests
            return _between(self.saved, self._error(around), _MONEY)

    def share_between(self) -> Interval:
        """95 % interval of `share`, a ratio of two sums, linearised (Cochran, Sampling Techniques, section 6.4)."""
        if self.requests < _FEWEST or not self.reference:
            return None
        with localcontext(prec=_DIGITS):
            share = self.saved / self.reference
            around = self._saved_squared - 2 * share * self._product + share * share * self._reference_squared
            return _between(share, self._error(around) / self.reference, _SHARE)

    def _error(self, around: Decimal) -> Decimal:
        """Standard error of a sum, from the squares around its mean."""
        return (max(_ZERO, around) * self.requests / (self.requests - 1)).sqrt()


def _between(middle: Decimal, error: Decimal, unit: Decimal) -> tuple[Decimal, Decimal]:
    return (middle - _NORMAL * error).quantize(unit), (middle + _NORMAL * error).quantize(unit)
