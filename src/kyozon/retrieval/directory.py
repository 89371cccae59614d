"""Which documents an index holds, and which of them a reader may see of those he asks for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.domain.knowledge import Attributes, Filter, Reader
from kyozon.domain.labels import Label
from kyozon.retrieval.columns import Column
from kyozon.retrieval.distinct import Distinct
from kyozon.retrieval.filtering import Attributed


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


_ASPECTS = 3


class Directory:
    """Documents by number, in the order in which they came."""

    def __init__(self) -> None:
        self.entries: list[Entry | None] = []
        self._numbers: dict[str, int] = {}
        self._values = tuple(Distinct() for _ in range(_ASPECTS))
        self._aspects = Column(np.int32, _ASPECTS)
        self._attributed = Attributed()
        self._there = Column(np.bool_)

    def __contains__(self, document: str) -> bool:
        return document in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def there(self) -> NDArray[np.bool_]:
        """For each number whether its document is still there."""
        return self._there.view

    def put(self, entry: Entry) -> int:
        """Add a document that is not there; its number."""
        number = len(self.entries)
        self.entries.append(entry)
        self._numbers[entry.document] = number
        self._aspects.extend(self._of(entry)[None, :])
        self._attributed.put(entry.attributes)
        self._there.extend(np.ones(1, bool))
        return number

    def change(self, entry: Entry) -> None:
        """What is known of a document that is there is now this."""
        number = self._numbers[entry.document]
        self._leave(number)
        self.entries[number] = entry
        self._aspects.view[number] = self._of(entry)
        self._attributed.change(number, entry.attributes)

    def remove(self, document: str) -> None:
        """Forget a document that is there; its number stays empty."""
        number = self._numbers.pop(document)
        self._leave(number)
        self._attributed.change(number, {})
        self.entries[number] = None
        self._there.view[number] = False

    def permitted(self, scope: Scope) -> NDArray[np.bool_]:
        """For each number whether its document may be seen.

        What is shut out by one aspect is not asked about the next, so that its attributes cost no time.
        """
        reader, names = scope.reader, scope.reader.names
        conditions: tuple[Callable[[Any], bool], ...] = (
            lambda collection: collection in scope.collections,
            lambda label: label.within(reader.clearance),
            lambda readers: reader.admin or not readers or not readers.isdisjoint(names),
        )
        seen = np.flatnonzero(self.there)
        for aspect, holds in enumerate(conditions):
            seen = seen[self._values[aspect].those(self._aspects.view[seen, aspect], holds)]
        if scope.filter is not None:
            seen = seen[self._attributed.those(scope.filter, seen)]
        found = np.zeros(len(self._there), bool)
        found[seen] = True
        return found

    def _leave(self, number: int) -> None:
        for values, taken in zip(self._values, self._aspects.view[number].tolist(), strict=True):
            values.leave((taken,))

    def _of(self, entry: Entry) -> NDArray[np.int32]:
        aspects = (entry.collection, entry.label, entry.readers)
        return np.array([values.take(one) for values, one in zip(self._values, aspects, strict=True)], np.int32)
