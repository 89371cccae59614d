from datetime import date
from decimal import Decimal

import pytest

from kyozon.cli.models import _row, _size
from kyozon.domain.models import ModelCard, Price


@pytest.mark.parametrize(
    ("size", "told"), [(2_500, "2.5 KB"), (45_000_000, "45.0 MB"), (999_000_000, "999.0 MB"), (7_100_000_000, "7.1 GB")]
)
def test_a_small_model_has_a_size_too(size: int, told: str) -> None:
    assert _size(size) == told


def test_the_price_of_searches_has_its_currency() -> None:
    price = Price(date(2020, 1, 1), Decimal(0), Decimal(0), thousand_searches=Decimal("2.00"))
    shown = _row(ModelCard("r", "cohere", "r", "external", kind="reranking", prices=(price,)))[-1]
    assert shown == "0 / 0 USD, 2.00 USD for 1,000 searches"
