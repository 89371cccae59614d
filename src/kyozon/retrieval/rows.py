"""Rows of the tables in a source, each with what says what its cells are, however far above it stands.

A row is about what its first cell names that is more than a number.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from kyozon.retrieval.claims import Span, is_row
from kyozon.retrieval.grounding import Memory
from kyozon.retrieval.packing import Source

_NAMED = 0.5
"""Which share of a row's name words must have to speak of it."""


class Row(Struct, frozen=True):
    """A row of a table, where it stands, the head that tells its cells, and the line above the table."""

    words: str
    span: Span
    head: str
    title: str = ""

    @property
    def told(self) -> str:
        """The row under its head."""
        return f"{self.head}\n{self.words}"

    @property
    def name(self) -> str:
        """The first cell that is more than a number."""
        return next((cell for cell in self.words.split("|") if any(map(str.isalpha, cell))), "")


def rows(source: Source) -> Iterator[Row]:
    """The rows of every table, but for their heads. What began before the source has its head in the context."""
    before, title = source.context.rpartition("\n")[2], ""
    for in_table, spans in groupby(_lines(source.text), lambda span: is_row(source.text[slice(*span)])):
        lines = [(source.text[slice(*span)], span) for span in spans]
        if not in_table:
            title = "" if lines[-1][0].endswith(("。", ".")) else lines[-1][0]  # a sentence says something of its own
            continue
        told = [(words, span) for words, span in lines if any(map(str.isalnum, words))]
        if not told:
            continue
        first, (start, _) = told[0]
        begun = start == 0 and is_row(before) and before.count("|") >= first.count("|")
        for words, span in told if begun else told[1:]:
            yield Row(words, span, before if begun else first, title)


def named(words: str, table: Iterable[Row], memory: Memory) -> tuple[float, Sequence[Row]]:
    """The rows that words speak of: those whose name they have as a whole, else as far as for no other; and how far."""
    wanted, best, found = memory.grams(words), _NAMED, list[Row]()
    for row in table:
        name = memory.grams(row.name)
        share = len(name & wanted) / len(name) if name else 0.0
        if share >= best:
            found = [*found, row] if share == best else [row]
            best = share
    return best, found


def mixed_up(claim: str, source: Source, table: Sequence[Row], memory: Memory) -> bool:
    """Whether a claim names rows of a source's tables, and gives a number that stands in other rows only.

    A first row may be no head, so it can be named, too; its numbers, often years, are everybody's.
    """
    heads = {row.head for row in table}
    whole = [*table, *(Row(head, (0, 0), "") for head in heads)]
    _, meant = named(claim, whole, memory)
    if not meant:
        return False
    own = [*heads, *(row.words for row in meant), *(line for line in source.text.split("\n") if not is_row(line))]
    backed = frozenset[str]().union(*map(memory.numbers, own))
    others = frozenset[str]().union(*(memory.numbers(row.words) for row in table))
    return bool((memory.numbers(claim) & others) - backed)


def _lines(text: str) -> Iterator[Span]:
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line.rstrip())
        at += len(line) + 1
