"""Hypothesis strategies for the domain's values."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from kyozon.domain.labels import Clearance, Integrity, Label, Level, Zone
from kyozon.domain.models import Price
from kyozon.domain.usage import Usage

COMPARTMENTS = ("pii", "hr", "no-train", "jp-only", "eu-only")

names = st.frozensets(st.sampled_from(COMPARTMENTS), max_size=3)
labels = st.builds(Label, st.sampled_from(Level), names, st.sampled_from(Integrity))
clearances = st.builds(Clearance, st.sampled_from(Level), names | st.just(frozenset({"*"})))
zones = st.builds(
    Zone,
    id=st.just("somewhere"),
    kind=st.sampled_from(("host", "lan", "external")),
    clearance=clearances,
    region=st.sampled_from((None, "JP", "jp", "EU")),
    retains=st.none() | st.booleans(),
    trains=st.none() | st.booleans(),
)

money = st.decimals(min_value=0, max_value=1000, places=4)
prices = st.builds(
    Price,
    valid_from=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    input=money,
    output=money,
    cached_input=st.none() | money,
    cache_write=st.none() | money,
    cache_write_hour=st.none() | money,
    thousand_searches=st.none() | money,
    currency=st.sampled_from(("USD", "JPY")),
    above_input=st.sampled_from((0, 0, 200_000)),
)

_tokens = st.integers(min_value=0, max_value=10_000_000)
# What is kept for an hour is a part of what is written.
usages = st.builds(
    lambda uncached, read, written, hour, output, searches: Usage(
        uncached,
        read,
        written + hour,
        output,
        cache_write_hour=hour,
        searches=searches,
    ),
    *[_tokens] * 5,
    st.integers(0, 1000),
)
costs = st.none() | st.integers(0, 5).map(Decimal)


def json_values(*keys: str) -> st.SearchStrategy[Any]:
    """Any JSON; its objects have some of `keys`, too."""
    leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    names = st.sampled_from(keys) | st.text(max_size=3)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
        max_leaves=10,
    )
