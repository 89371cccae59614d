"""Filters, as OpenAI's vector stores read them."""

import gc
import operator
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.domain.knowledge import MOST_ATTRIBUTES, Attributes, Comparison, Compound, Filter
from kyozon.retrieval.filtering import Attributed

Value = str | float | bool
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
    assert fulfilled(attributed(ATTRIBUTES), Comparison(key, kind, value), [0]) == [holds]


def test_several_at_once() -> None:
    here, late = Comparison("region", "eq", "jp"), Comparison("year", "gt", 2030)
    held = attributed(ATTRIBUTES)
    assert fulfilled(held, Compound("and", (here, late)), [0]) == [False]
    assert fulfilled(held, Compound("or", (late, Compound("and", (here,)))), [0]) == [True]


def attributed(*several: Attributes) -> Attributed:
    made = Attributed()
    for attributes in several:
        made.put(attributes)
    return made


def fulfilled(held: Attributed, condition: Filter, numbers: Sequence[int]) -> list[bool]:
    return [bool(one) for one in held.those(condition, np.array(numbers, np.int64))]


def expected(condition: Filter, attributes: Attributes) -> bool:
    """The same, of one document and in so many words."""
    if isinstance(condition, Compound):
        several = [expected(one, attributes) for one in condition.filters]
        return all(several) if condition.type == "and" else any(several)
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if condition.type in ("eq", "in", "ne", "nin"):
        same = condition.key in attributes and any(equal(attributes[condition.key], one) for one in wanted)
        return same == (condition.type in ("eq", "in"))
    return condition.key in attributes and any(in_order(condition.type, attributes[condition.key], one) for one in wanted)


def equal(one: Value, other: Value) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def in_order(kind: str, one: Any, other: Any) -> bool:
    orders = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) != isinstance(other, str):
        return False
    return bool(orders[kind](one, other))


keys = st.sampled_from(["region", "year", "on"])
values: st.SearchStrategy[Value] = st.sampled_from([True, False, 0.0, 1.0, -2.5, "", "1", "jp", "2026-04-01", "2027"])
documents = st.lists(st.dictionaries(keys, values), min_size=1, max_size=8)
comparisons = st.builds(
    Comparison,
    keys,
    st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]),
    values | st.lists(values, min_size=1, max_size=3).map(tuple),
)
conditions: st.SearchStrategy[Filter] = st.recursive(
    comparisons,
    lambda inner: st.builds(Compound, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=4,
)


@given(documents, documents, conditions, st.data())
def test_whatever_documents_have_and_had_each_is_judged_by_what_it_has_now(
    first: list[Attributes], later: list[Attributes], condition: Filter, data: st.DataObject
) -> None:
    held, now = attributed(*first), list(first)
    for attributes in later:
        number = data.draw(st.integers(0, len(now)))
        if number == len(now):
            held.put(attributes)
            now.append(attributes)
        else:
            held.change(number, attributes)
            now[number] = attributes
    asked = data.draw(st.lists(st.integers(0, len(now) - 1), unique=True).map(sorted))
    assert fulfilled(held, condition, asked) == [expected(condition, now[number]) for number in asked]


def test_some_are_asked_by_what_they_have_themselves() -> None:
    held = attributed({"year": 2026.0}, {"region": "jp"}, {"year": 2026.0}, {})
    new = Comparison("year", "eq", 2026.0)
    assert fulfilled(held, new, [1]) == [False]
    assert fulfilled(held, new, [2, 3]) == [True, False]


def test_as_many_attributes_as_there_may_be() -> None:
    held = attributed({f"key {number}": float(number) for number in range(MOST_ATTRIBUTES)})
    for number in range(MOST_ATTRIBUTES):
        assert fulfilled(held, Comparison(f"key {number}", "eq", number), [0]) == [True]


class Word(str):
    """Tells how often it is compared; unlike others, it can be watched until it is gone."""

    __slots__ = ("__weakref__", "asked")
    asked: int

    def __ge__(self, other: str) -> bool:
        self.asked = getattr(self, "asked", 0) + 1
        return str.__ge__(self, other)


def test_a_word_is_asked_once_and_that_of_nobody_else() -> None:
    words = [Word(f"20{number:02}-01-01") for number in range(20, 28)]
    held = attributed(*({"on": word} for word in words), {"on": words[-1]})
    late = Comparison("on", "gte", "2026-01-01")
    assert fulfilled(held, late, [0, 6, 7, 8]) == [False, True, True, True]
    assert [getattr(word, "asked", 0) for word in words] == [1, 0, 0, 0, 0, 0, 1, 1]


def test_words_that_no_document_has_any_more_are_forgotten() -> None:
    gone = []
    held = attributed({})
    for number in range(50):
        word = Word(f"paper {number}")
        gone.append(weakref.ref(word))
        held.change(0, {"name": word, "year": float(number)})
    held.change(0, {})
    del word
    gc.collect()
    assert [one() for one in gone] == [None] * 50
