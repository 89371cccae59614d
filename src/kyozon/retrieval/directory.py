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
    """Distinct values that documents have, by number; a number is given anew when no document has its value any more."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._held: list[tuple[Hashable, Any] | None] = []
        self._uses: list[int] = []
        self._free: list[int] = []

    def take(self, value: Any, key: Hashable) -> int:
        """The number of a value that one more document has."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._free.pop() if self._free else len(self._held)
            if number == len(self._held):
                self._held.append(None)
                self._uses.append(0)
            self._held[number] = (key, value)
        self._uses[number] += 1
        return number

    def leave(self, number: int) -> None:
        """One document less has it."""
        self._uses[number] -= 1
        held = self._held[number]
        if held is not None and not self._uses[number]:
            del self._numbers[held[0]]
            self._held[number] = None
            self._free.append(number)

    def those(self, numbers: NDArray[np.int32], holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """For each of `numbers` whether the condition holds. It is asked once for each distinct one, and for no other."""
        wanted = np.zeros(len(self._held), bool)
        wanted[numbers] = True
        for number in np.flatnonzero(wanted):
            held = self._held[number]
            wanted[number] = held is not None and holds(held[1])
        found: NDArray[np.bool_] = wanted[numbers]
        return found


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
        self._leave(number)
        self.entries[number] = entry
        self._aspects.view[number] = self._of(entry)

    def remove(self, document: str) -> None:
        """Forget a document that is there; its number stays empty."""
        number = self._numbers.pop(document)
        self._leave(number)
        self.entries[number] = None
        self._there.view[number] = False

    def permitted(self, scope: Scope) -> NDArray[np.bool_]:
        """For each number whether its document may be seen.

        What is shut out by one aspect is not asked about the next, so that its attributes cost no time.
        """
        reader, names, condition = scope.reader, scope.reader.names, scope.filter
        conditions: list[Callable[[Any], bool]] = [
            lambda collection: collection in scope.collections,
            lambda label: label.within(reader.clearance),
            lambda readers: reader.admin or not readers or not readers.isdisjoint(names),
        ]
        if condition is not None:
            conditions.append(lambda attributes: matches(condition, attributes))
        seen = np.flatnonzero(self._there.view)
        for aspect, holds in enumerate(conditions):
            seen = seen[self._values[aspect].those(self._aspects.view[seen, aspect], holds)]
        found = np.zeros(len(self._there), bool)
        found[seen] = True
        return found

    def _leave(self, number: int) -> None:
        for values, taken in zip(self._values, self._aspects.view[number], strict=True):
            values.leave(int(taken))

    def _of(self, entry: Entry) -> NDArray[np.int32]:
        # 1, 1.0 and True are the same key to Python and not to a filter.
        attributes = frozenset((name, type(value), value) for name, value in entry.attributes.items())
        aspects = (
            (entry.collection, entry.collection),
            (entry.label, entry.label),
            (entry.readers, entry.readers),
            (entry.attributes, attributes),
        )
        numbers = [values.take(*aspect) for values, aspect in zip(self._values, aspects, strict=True)]
        return np.array([numbers], np.int32)
