"""Filters, as OpenAI's vector stores read them."""

from typing import Any

import pytest

from kyozon.domain.knowledge import Attributes, Comparison, Compound
from kyozon.retrieval.filtering import matches

ATTRIBUTES: Attributes = {"region": "jp", "year": 2026.0, "draft": False, "on": "2026-04-01"}


@pytest.mark.parametrize(
    ("key", "kind", "value", "holds"),
    [
        ("region", "eq", "jp", True),
        ("region", "ne", "jp", False),
        ("region", "in", ("us", "jp"), True),
        ("region", "nin", ("us", "jp"), False),
        ("year", "gte", 2026, True),
        ("year", "gt", 2026, False),
        ("year", "lt", 2027.5, True),
        ("year", "lte", "2027", False),
        ("on", "gte", "2026-01-01", True),
        ("draft", "eq", False, True),
        ("draft", "eq", 0, False),
        ("draft", "lt", 1, False),
        ("year", "eq", True, False),
        ("nowhere", "eq", "jp", False),
        ("nowhere", "ne", "jp", True),
        ("nowhere", "nin", ("jp",), True),
        ("nowhere", "gt", 0, False),
    ],
)
def test_a_comparison(key: str, kind: Any, value: Any, holds: bool) -> None:  # noqa: FBT001 - what is expected
    assert matches(Comparison(key, kind, value), ATTRIBUTES) is holds


def test_several_at_once() -> None:
    here, late = Comparison("region", "eq", "jp"), Comparison("year", "gt", 2030)
    assert not matches(Compound("and", (here, late)), ATTRIBUTES)
    assert matches(Compound("or", (late, Compound("and", (here,)))), ATTRIBUTES)
