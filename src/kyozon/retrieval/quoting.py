"""What is quoted where no answer can be checked: the places that come closest to a question.

Of a table it is the row that was asked for, under the table's head; words and rows never stand in one quotation.
"""

from collections.abc import Iterator, Sequence

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
    found = [place for source in sources for place in _places(question, source, memory)]
    found.sort(key=lambda place: -place.score)
    chosen: list[Found] = []
    for place in found:
        close = place.score >= _AS_CLOSE * found[0].score
        if close and len(chosen) < _MOST_QUOTES and not any(_is_said(place, other) for other in chosen):
            chosen.append(place)
    return chosen


def _places(question: str, source: Source, memory: Memory) -> Iterator[Found]:
    table = tuple(rows(source))
    for row in _meant(question, source, table, memory):
        if len(memory.grams(row.told)) >= _FEWEST:
            yield Found(source, row.span, covered(question, [row.told]) + 0.1 / source.number, row.head)
    for span in memory.windows(source.text):
        words = source.text[slice(*span)]
        if len(memory.grams(words)) >= _FEWEST and not (table and any(map(is_row, words.split("\n")))):
            more = len(claims(words)) - 1
            yield Found(source, span, covered(question, [words]) + 0.1 / source.number - _LONGER * more)


def _meant(question: str, source: Source, table: Sequence[Row], memory: Memory) -> Sequence[Row]:
    """The rows that a question names, if there are such, else all; only those that have its numbers, or their table has."""
    share, meant = named(question, table, memory)
    above = memory.numbers(f"{source.filename} {source.context}")
    wanted = memory.numbers(question) - above
    return [row for row in (meant if share == 1.0 else table) if wanted <= memory.numbers(f"{row.title}\n{row.told}")]


def _is_said(one: Found, other: Found) -> bool:
    if one.source != other.source:
        return False
    farther = one.head == other.head != "" and one.score < other.score
    return farther or (one.span[0] < other.span[1] and other.span[0] < one.span[1])
