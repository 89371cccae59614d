"""Takes out what a document repeats at the edges of its pages, in the middle of sentences that go on overleaf."""

import re
from collections import Counter
from collections.abc import Sequence

from kyozon.parsing.pdf_lines import Line

_EDGE = 2  # lines at the top, and at the bottom
_SHORTEST = 8  # lines of a page whose edges are looked at: on a short page they are all there is
_FEWEST, _SHARE = 4, 0.6  # of the pages that have it
_PAGE_NUMBER = re.compile(r"\W*(p|page|頁)?\W*\d+(\W*(/|of)?\W*\d+)?\W*(頁|ページ)?\W*", re.IGNORECASE)


def without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages, without lines that stand at the edge of most of them; the first of each stays."""
    looked_at = [page for page in pages if len(page) >= _SHORTEST]
    found = Counter(
        words for page in looked_at for words in {_told_apart(line) for line in (*page[:_EDGE], *page[-_EDGE:])}
    )
    running = {words for words, count in found.items() if count >= max(_FEWEST, _SHARE * len(looked_at))}
    met: set[str] = set()
    kept: list[list[Line]] = []
    for page in pages:
        kept.append([])
        for at, line in enumerate(page):
            words = _told_apart(line)
            at_edge = len(page) >= _SHORTEST and (at < _EDGE or at >= len(page) - _EDGE)
            if not (at_edge and words in running and words in met):
                kept[-1].append(line)
            met.add(words)
    return kept


def _told_apart(line: Line) -> str:
    words = "".join(line.words.split())
    return "0" if _PAGE_NUMBER.fullmatch(words) else words  # Any page number is one as another.
