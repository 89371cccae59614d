"""Which documents fulfil a filter, as OpenAI's vector stores read one: asked of many documents at once.

What has no such attribute, or one of another kind, is unequal to everything and in no order. Numbers are in order among
themselves, and words among themselves, which is right for dates like `2026-04-01`.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.domain.knowledge import MOST_ATTRIBUTES, Attributes, Comparison, Filter
from kyozon.retrieval.columns import Column
from kyozon.retrieval.distinct import NOWHERE, Distinct

_Value = str | float | bool

_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_KINDS = (bool, float, str)
_EMPTY = NOWHERE - 1
"""Stands where a document has no more attributes; it is the number of no name, known or not."""


class _Seen(Struct, frozen=True):
    """The documents that are asked: their numbers, the names of their attributes, and everybody's values."""

    numbers: NDArray[np.int64]
    names: NDArray[np.int32]
    values: NDArray[np.float64]

    def of(self, name: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Which of the documents have an attribute of this name and kind, and its value."""
        rows, places = np.divmod(np.flatnonzero(self.names.ravel() == name), MOST_ATTRIBUTES)
        return rows, self.values[self.numbers[rows], places]


class Attributed:
    """The attributes of documents, by the number of each in the order in which they came.

    A row has `MOST_ATTRIBUTES` places. In each stand the number of an attribute's name and kind, and its value as a float;
    of words, the number.
    """

    def __init__(self) -> None:
        self._names = Distinct()
        self._words = Distinct()
        self._named = Column(np.int32, MOST_ATTRIBUTES)
        self._values = Column(np.float64, MOST_ATTRIBUTES)

    def put(self, attributes: Attributes) -> None:
        """Those of one more document."""
        self._named.extend(np.full((1, MOST_ATTRIBUTES), _EMPTY, np.int32))
        self._values.extend(np.zeros((1, MOST_ATTRIBUTES)))
        self._write(len(self._named) - 1, attributes)

    def change(self, number: int, attributes: Attributes) -> None:
        """Those of a document are now these; none, when it goes."""
        old = self._named.view[number]
        old = old[old != _EMPTY].tolist()
        of_words = [at for at, name in enumerate(old) if self._names[name][1] is str]
        self._words.leave(self._values.view[number, of_words].astype(int).tolist())
        self._names.leave(old)
        self._write(number, attributes)

    def those(self, condition: Filter, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each of these documents whether it fulfils a filter. No other document's attributes are looked at."""
        names = self._named.view
        names = names if len(numbers) == len(names) else names[numbers]
        return self._fulfil(condition, _Seen(numbers, names, self._values.view))

    def _write(self, number: int, attributes: Attributes) -> None:
        names, values = self._named.view[number], self._values.view[number]
        names[:], values[:] = _EMPTY, 0
        for at, (name, value) in enumerate(attributes.items()):
            names[at] = self._names.take((name, _kind(value)))
            values[at] = self._words.take(value) if isinstance(value, str) else value

    def _fulfil(self, condition: Filter, seen: _Seen) -> NDArray[np.bool_]:
        if isinstance(condition, Comparison):
            return self._compared(condition, seen)
        several = [self._fulfil(one, seen) for one in condition.filters]
        joined = np.logical_and if condition.type == "and" else np.logical_or
        found: NDArray[np.bool_] = joined.reduce(several)
        return found

    def _compared(self, condition: Comparison, seen: _Seen) -> NDArray[np.bool_]:
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        found = np.zeros(len(seen.numbers), bool)
        for kind in _KINDS:
            those = [one for one in wanted if _kind(one) is kind]
            if those:
                at, values = seen.of(self._names.number((condition.key, kind)))
                order = _ORDER.get(condition.type)
                found[at] = self._equal(values, those) if order is None else self._in_order(order, values, those)
        return ~found if condition.type in ("ne", "nin") else found

    def _equal(self, values: NDArray[np.float64], wanted: Sequence[_Value]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.isin(
            values, [float(self._words.number(one) if isinstance(one, str) else one) for one in wanted]
        )
        return found

    def _in_order(
        self, order: Callable[[Any, Any], Any], values: NDArray[np.float64], wanted: Sequence[_Value]
    ) -> NDArray[np.bool_]:
        found = np.zeros(len(values), bool)
        for one in wanted:
            if isinstance(one, str):
                found |= self._words.those(values.astype(np.int32), lambda word, one=one: order(word, one))  # type: ignore[misc]
            elif not isinstance(one, bool):
                found |= order(values, one)
        return found


def _kind(value: _Value) -> type:
    return bool if isinstance(value, bool) else str if isinstance(value, str) else float
