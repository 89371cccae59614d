"""What is quoted where no answer can be checked: the places that come closest to a question.

Of a table it is the row that was asked for, under the table's head; words and rows never stand in one quotation.
"""

from collections.abc import Iterable, Iterator, Sequence

from kyozon.retrieval.citing import Found
from kyozon.retrieval.claims import claims, is_row
from kyozon.retrieval.grounding import Memory, covered
from kyozon.retrieval.packing import Source
from kyozon.retrieval.rows import Row, named, rows

_AS_CLOSE = 0.6
_LONGER = 0.08
_FEWEST = 2
_MOST_QUOTES = 2


def closest(question: str, sources: Sequence[Source], memory: Memory) -> list[Found]:
    """The places that share most words with the question, the best first; of two that overlap the better.

    A row has the words of its table's head, too. Of one table another row is quoted only if it is as close.
    """
    tables = [(source, tuple(rows(source))) for source in sources]
    meant = [named(question, table, memory) for _, table in tables]
    whole = any(share == 1.0 for share, _ in meant)  # then it is asked for these rows
    found: list[Found] = []
    for (source, table), (share, own) in zip(tables, meant, strict=True):
        asked = (own if share == 1.0 else ()) if whole else table
        found += _in_rows(question, source, asked, memory)
    for source, table in tables:
        found += _beside(question, source, table, memory)
    found.sort(key=lambda place: -place.score)
    chosen: list[Found] = []
    for place in found:
        close = place.score >= _AS_CLOSE * found[0].score
        if close and len(chosen) < _MOST_QUOTES and not any(_is_said(place, other) for other in chosen):
            chosen.append(place)
    return chosen


def _in_rows(question: str, source: Source, table: Iterable[Row], memory: Memory) -> Iterator[Found]:
    """Rows that have the numbers of the question, or whose table has."""
    wanted = memory.numbers(question) - memory.numbers(f"{source.filename} {source.context}")
    for row in table:
        if wanted <= memory.numbers(f"{row.title}\n{row.told}") and len(memory.grams(row.told)) >= _FEWEST:
            yield Found(source, row.span, covered(question, [row.told]) + 0.1 / source.number, row.head)


def _beside(question: str, source: Source, table: Sequence[Row], memory: Memory) -> Iterator[Found]:
    """Places that have no row of the source's tables."""
    for span in memory.windows(source.text):
        words = source.text[slice(*span)]
        if len(memory.grams(words)) >= _FEWEST and not (table and any(map(is_row, words.split("\n")))):
            more = len(claims(words)) - 1
            yield Found(source, span, covered(question, [words]) + 0.1 / source.number - _LONGER * more)


def _is_said(one: Found, other: Found) -> bool:
    if one.source != other.source:
        return False
    farther = one.head == other.head != "" and one.score < other.score
    return farther or (one.span[0] < other.span[1] and other.span[0] < one.span[1])
