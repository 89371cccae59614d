"""Values that several documents have in common, each held once."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOWHERE = -1
"""The number of a value that no document has."""


class Distinct:
    """Values by number; a number is given anew when no document has its value any more, and nothing is left of that."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._held: list[Any] = []
        self._uses: list[int] = []
        self._free: list[int] = []

    def __getitem__(self, number: int) -> Any:
        return self._held[number]

    def number(self, value: Hashable) -> int:
        """That of a value, or `NOWHERE`."""
        return self._numbers.get(value, NOWHERE)

    def take(self, value: Hashable) -> int:
        """The number of a value that one more document has."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = self._free.pop() if self._free else len(self._held)
            if number == len(self._held):
                self._held.append(None)
                self._uses.append(0)
            self._held[number] = value
        self._uses[number] += 1
        return number

    def leave(self, numbers: Iterable[int]) -> None:
        """One document less has each of them."""
        for number in numbers:
            self._uses[number] -= 1
            if not self._uses[number]:
                del self._numbers[self._held[number]]
                self._held[number] = None
                self._free.append(number)

    def those(self, numbers: NDArray[np.int32], holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """For each of `numbers` whether the condition holds. It is asked once for each distinct one, and for no other."""
        wanted = np.zeros(len(self._held), bool)
        wanted[numbers] = True
        distinct = np.flatnonzero(wanted)
        wanted[distinct] = [holds(self._held[number]) for number in distinct.tolist()]
        found: NDArray[np.bool_] = wanted[numbers]
        return found
