"""scrubadub with the detectors that it turns on by itself."""

from collections.abc import Iterator

import scrubadub
from asked import serve

_scrubber = scrubadub.Scrubber(locale="en_US")


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Its default scrubber."""
    return ((one.beg, one.end, one.type) for one in _scrubber.iter_filth(text))


serve(find)
