"""What everything of a request has cost: the answer and all other calls, as far as it is known."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kyozon.domain.decisions import Attempt, CacheUse, Outcome
from kyozon.domain.usage import Charge

AT = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = Charge(Decimal(0), priced=False)


def _charge(amount: str, currency: str = "USD") -> Charge:
    return Charge(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("answer", "aside", "paid"),
    [
        (_charge("2"), None, _charge("2")),
        (_charge("2"), _charge("0.5"), _charge("2.5")),
        (_charge("0"), _charge("3", "EUR"), _charge("3", "EUR")),  # nothing is nothing in any currency
        (_charge("2"), _charge("3", "EUR"), Charge(Decimal(5), priced=False)),
        (_charge("2"), UNKNOWN, Charge(Decimal(2), priced=False)),
        (UNKNOWN, _charge("2"), Charge(Decimal(2), priced=False)),
    ],
)
def test_all_calls_together(answer: Charge, aside: Charge | None, paid: Charge) -> None:
    outcome = Outcome("dec_1", AT, "answered", charge=answer, attempts=(Attempt("m", "p", charge=aside),))
    assert outcome.paid == paid


def test_the_call_for_the_cache_is_one_of_them() -> None:
    embedding = Attempt("embedder", "local", charge=_charge("0.1"))
    outcome = Outcome("dec_1", AT, "answered", charge=_charge("1"), cache=CacheUse("miss", embedding=embedding))
    assert outcome.charges == (_charge("1"), _charge("0.1"))
    assert outcome.paid == _charge("1.1")
