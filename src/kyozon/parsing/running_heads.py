"""Takes out what a document repeats at the edges of its pages, in the middle of what goes on overleaf."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from msgspec import structs

from kyozon.parsing.lines import Line

_EDGE = 2  # lines at the top, and at the bottom
_SHORTEST = 8  # lines of a page whose edges are looked at: on a short page they are all there is
_FEWEST, _SHARE = 4, 0.6  # of the pages that have it
_NEAR = 3.0  # points: the edges of parts of one table
_A_NUMBER = "0"
# Possessive, so that long runs of signs and digits are gone through once.
_PAGE_NUMBER = re.compile(r"\W*+(p|page|頁)?\W*+\d++(\W*+(of)?\W*+\d++)?\W*+(頁|ページ)?\W*+", re.IGNORECASE)


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


def with_tables_joined(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages; a table that goes on overleaf does so without a page number in it, and without its head again."""
    joined = [list(page) for page in pages]
    head: tuple[str, ...] = ()
    for page, after in pairwise(joined):
        last = _first_table(page[::-1])
        first = _first_table(after)
        if last is None or first is None or not _is_one_table(page[~last], after[first]):
            continue
        more = after[first]
        head = head if page[~last].continues else page[~last].rows[0]
        rows = more.rows[1:] if more.rows[0] == head else more.rows
        del page[len(page) - last :], after[: first + 1]
        if rows:
            after.insert(0, structs.replace(more, rows=rows, continues=True))
    return joined


def _first_table(lines: Sequence[Line]) -> int | None:
    """Where there is a table, with nothing but a page number before it."""
    for at, line in enumerate(lines[: _EDGE + 1]):
        if line.rows:
            return at
        if _told_apart(line) != _A_NUMBER:
            return None
    return None


def _is_one_table(table: Line, more: Line) -> bool:
    aligned = max(abs(table.left - more.left), abs(table.right - more.right)) <= _NEAR
    return aligned and len(table.rows[0]) == len(more.rows[0])


def _told_apart(line: Line) -> str:
    words = "".join(line.words.split())
    is_number = not line.scan and _PAGE_NUMBER.fullmatch(words)
    return _A_NUMBER if is_number else words  # Any page number is one as another.
