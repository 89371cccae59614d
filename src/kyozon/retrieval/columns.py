"""Arrays that grow at the end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Column:
    """Values of one type, or rows of `width` of them each. Room is doubled when it is used up, so appending stays cheap."""

    def __init__(self, kind: type[np.generic], width: int | None = None) -> None:
        self._held: NDArray[Any] = np.empty((0,) if width is None else (0, width), kind)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def view(self) -> NDArray[Any]:
        """What is there; writing to it changes the column, appending to the column may leave it behind."""
        return self._held[: self._used]

    @property
    def nbytes(self) -> int:
        """Bytes held, with the room to grow."""
        return self._held.nbytes

    def extend(self, values: NDArray[Any]) -> None:
        """Append."""
        needed = self._used + len(values)
        if needed > len(self._held):
            room = np.empty((max(needed, len(self._held) * 2), *self._held.shape[1:]), self._held.dtype)
            room[: self._used] = self.view
            self._held = room
        self._held[self._used : needed] = values
        self._used = needed

    def keep(self, kept: NDArray[Any]) -> None:
        """Drop everything that `kept` is not true for, and the room to grow."""
        self._held = self.view[kept]
        self._used = len(self._held)
