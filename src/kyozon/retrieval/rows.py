"""Rows of the tables in a source, each with the head that says what its cells are, however far above it stands.

A row is about what its first cell names that is more than a number.
"""

from collections.abc import Iterator
from itertools import groupby

from kyozon.retrieval.claims import Span, is_row
from kyozon.retrieval.grounding import Memory
from kyozon.retrieval.packing import Source


def rows(source: Source) -> Iterator[tuple[str, Span]]:
    """The head and the place of every row of every table. What began before the source has its head in the context."""
    before = source.context.rpartition("\n")[2]
    for in_table, spans in groupby(_lines(source.text), lambda span: is_row(source.text[slice(*span)])):
        told = [span for span in spans if any(map(str.isalnum, source.text[slice(*span)]))] if in_table else []
        if not told:
            continue
        first = source.text[slice(*told[0])]
        begun = told[0][0] == 0 and is_row(before) and before.count("|") >= first.count("|")
        for span in told if begun else told[1:]:
            yield before if begun else first, span


def mixed_up(claim: str, source: Source, span: Span, memory: Memory) -> bool:
    """Whether a claim that rests on a place gives a number from one row of a table to what another row is about."""
    wanted, said = memory.grams(claim), memory.numbers(claim)
    giving, others = [], []
    for head, at in rows(source):
        name, cells = _cells(source.text[slice(*at)])
        if not memory.numbers(cells) & said:
            others.append(name)
        elif at[0] < span[1] and span[0] < at[1]:
            giving += [head, name, cells]
    backed = frozenset[str]().union(*map(memory.grams, giving))
    return bool(giving) and any((memory.grams(name) & wanted) - backed for name in others)


def _cells(row: str) -> tuple[str, str]:
    """The first cell that is more than a number, and those behind it."""
    cells = row.split("|")
    named = next((at for at, cell in enumerate(cells) if any(map(str.isalpha, cell))), len(cells) - 1)
    return cells[named], "|".join(cells[named + 1 :])


def _lines(text: str) -> Iterator[Span]:
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line.rstrip())
        at += len(line) + 1
