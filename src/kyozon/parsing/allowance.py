"""How many pictures among words are read of one file, and for how long: its words are worth more than they are."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

MOST_PICTURES = 200
"""So many of a file are read."""

_SHARE = 1 / 3  # of the seconds that the process has; the words come out of the rest
_SECONDS = 600.0  # where it has no end


class Allowance:
    """What is left of one file's. What failed, and what there was nothing on, counts for its time."""

    def __init__(self, most: int) -> None:
        limit, _ = resource.getrlimit(resource.RLIMIT_CPU)
        self._seconds = _SECONDS if limit == resource.RLIM_INFINITY else _SHARE * limit
        self._most = most

    def left(self) -> bool:
        """Whether another picture may be looked at."""
        return self._most > 0 and self._seconds > 0

    @contextmanager
    def spending(self) -> Iterator[None]:
        """The time that goes by within is spent."""
        began = monotonic()
        try:
            yield
        finally:
            self._seconds -= monotonic() - began

    def count(self) -> None:
        """One was read."""
        self._most -= 1
