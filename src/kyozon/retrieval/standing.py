"""Where in a document something stands: on which pages, and under which headings."""

from bisect import bisect_left, bisect_right
from itertools import islice, takewhile

from kyozon.domain.knowledge import Anchor, Heading, Parsed


class Standing:
    """Looks up pages and headings of one document; each look-up takes logarithmic time."""

    def __init__(self, parsed: Parsed) -> None:
        self._pages = parsed.pages
        self._scanned = sorted(parsed.scanned)
        self._scans_end = [end for _, end in self._scanned]
        self._headings = sorted(parsed.headings, key=lambda heading: heading.start)
        self._starts = [heading.start for heading in self._headings]
        self._paths = _paths(self._headings)

    def headings(self, at: int) -> tuple[Heading, ...]:
        """The headings above the character `at`, the highest first."""
        found = bisect_right(self._starts, at)
        return self._paths[found - 1] if found else ()

    def anchor(self, start: int, end: int) -> Anchor:
        """The anchor of the characters from `start` up to `end`; its section is that of the last of them."""
        page, last = self._page(start), self._page(end - 1)
        section = tuple(heading.title for heading in self.headings(end - 1))
        breaks = tuple(self._pages[bisect_right(self._pages, start) : bisect_left(self._pages, end)])
        scans = self._scans(start, end)
        return Anchor(start, end, page, last, section, bool(scans), breaks, scans)

    def _scans(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        after = bisect_right(self._scans_end, start)
        spans = takewhile(lambda span: span[0] < end, islice(self._scanned, after, None))
        return tuple((max(start, first), min(end, behind)) for first, behind in spans)

    def _page(self, at: int) -> int | None:
        return max(1, bisect_right(self._pages, at)) if self._pages else None


def _paths(headings: list[Heading]) -> list[tuple[Heading, ...]]:
    paths: list[tuple[Heading, ...]] = []
    above: tuple[Heading, ...] = ()
    for heading in headings:
        above = (*(one for one in above if one.level < heading.level), heading)
        paths.append(above)
    return paths
