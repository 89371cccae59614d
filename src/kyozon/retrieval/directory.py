"""Which documents an index holds, and which of them a reader may see of those he asks for."""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.domain.knowledge import Attributes, Filter, Reader
from kyozon.domain.labels import Label
from kyozon.retrieval.columns import Column
from kyozon.retrieval.filtering import matches


class Entry(Struct, frozen=True):
    """A document as the index knows it: where it belongs, and what decides on who may see it."""

    document: str
    collection: str
    label: Label
    readers: frozenset[str]
    attributes: Attributes


class Scope(Struct, frozen=True):
    """What one search may look at: for whom, in which collections, fulfilling which filter.

    Whoever asks has found out that the reader may read these collections.
    """

    reader: Reader
    collections: frozenset[str]
    filter: Filter | None = None


class _Values:
    """Distinct values, numbered as they come; a condition is asked once for each, not for each document."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._values: list[Any] = []

    def number(self, value: Any, key: Hashable) -> int:
        found = self._numbers.setdefault(key, len(self._values))
        if found == len(self._values):
            self._values.append(value)
        return found

    def those(self, holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        return np.fromiter(map(holds, self._values), bool, len(self._values))


_ASPECTS = 4


class Directory:
    """Documents by number, in the order in which they came."""

    def __init__(self) -> None:
        self.entries: list[Entry | None] = []
        self._numbers: dict[str, int] = {}
        self._values = tuple(_Values() for _ in range(_ASPECTS))
        self._aspects = Column(np.int32, _ASPECTS)
        self._there = Column(np.bool_)

    def __contains__(self, document: str) -> bool:
        return document in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, entry: Entry) -> int:
        """Add a document that is not there; its number."""
        number = len(self.entries)
        self.entries.append(entry)
        self._numbers[entry.document] = number
        self._aspects.extend(self._of(entry))
        self._there.extend(np.ones(1, bool))
        return number

    def change(self, entry: Entry) -> None:
        """What is known of a document that is there is now this."""
        number = self._numbers[entry.document]
        self.entries[number] = entry
        self._aspects.view[number] = self._of(entry)

    def remove(self, document: str) -> None:
        """Forget a document that is there; its number stays empty."""
        number = self._numbers.pop(document)
        self.entries[number] = None
        self._there.view[number] = False

    def permitted(self, scope: Scope) -> NDArray[np.bool_]:
        """For each number whether its document may be seen."""
        reader, names, condition = scope.reader, scope.reader.names, scope.filter
        conditions: tuple[Callable[[Any], bool], ...] = (
            lambda collection: collection in scope.collections,
            lambda label: label.within(reader.clearance),
            lambda readers: reader.admin or not readers or not readers.isdisjoint(names),
            lambda attributes: condition is None or matches(condition, attributes),
        )
        seen = self._there.view.copy()
        for aspect, (values, holds) in enumerate(zip(self._values, conditions, strict=True)):
            if len(seen):
                seen &= values.those(holds)[self._aspects.view[:, aspect]]
        return seen

    def _of(self, entry: Entry) -> NDArray[np.int32]:
        # 1, 1.0 and True are the same key to Python and not to a filter.
        attributes = frozenset((name, type(value), value) for name, value in entry.attributes.items())
        aspects = (
            (entry.collection, entry.collection),
            (entry.label, entry.label),
            (entry.readers, entry.readers),
            (entry.attributes, attributes),
        )
        numbers = [values.number(*aspect) for values, aspect in zip(self._values, aspects, strict=True)]
        return np.array([numbers], np.int32)
