"""The commas and full stops of vertical writing, which OCR leaves out: they are small, in a corner of their square.

The columns of a page are read turned on their side, where 、 and 。 look like nothing that the models have learnt. Here
they are found by their ink: less than half a letter high and wide, at the right, with nothing below them in their square.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ink = NDArray[np.bool_]

_SMALL = 0.45  # of a letter's width: what is larger is a small kana, or a part of a letter
_SPECK = 0.06
_RIGHT = 0.4
_EMPTY_BELOW = 0.3
_HOLLOW = 0.4
_CONTRAST = 64  # levels of grey between paper and ink
_MARKS = "、。"


class _Mark(Struct, frozen=True):
    """A mark, and where its middle is: picture elements from the top of the column."""

    character: str
    middle: float


def with_marks(words: str, column: "NDArray[np.uint8]") -> str:
    """The words that were read of a column, with the marks between them.

    Args:
        words: from the top.
        column: the grey picture of the column alone, one letter wide, dark on light.
    """
    ink = _ink(column)
    if ink is None or words.isascii():
        return words
    runs = list(_runs(ink))
    width = max(right - left for left, right in (_extent(ink, run) for run in runs))
    marks = list(_marks(ink, runs, width))
    if len(marks) <= sum(words.count(mark) for mark in _MARKS):
        return words  # OCR has seen them itself, as it does where the print is a little blurred.
    letters = [letter for letter in words if letter not in _MARKS and not letter.isspace()]
    last_is_mark = bool(marks) and marks[-1].middle > runs[-1][0]
    height = runs[-1][1] - runs[0][0] + (width * (1 - _SMALL) if last_is_mark else 0.0)
    square = height / max(1, len(letters) + len(marks))
    for mark in marks:
        letters.insert(int((mark.middle - runs[0][0]) / square), mark.character)
    return "".join(letters)


def _ink(column: "NDArray[np.uint8]") -> "Ink | None":
    """Where it is dark; None where nothing is."""
    if column.size == 0 or int(column.max()) - int(column.min()) < _CONTRAST:
        return None
    dark: Ink = column < (int(column.max()) + int(column.min())) // 2
    return dark


def _runs(ink: "Ink") -> Iterator[tuple[int, int]]:
    """From where to where there is ink in every row."""
    rows = [False, *(bool(row.any()) for row in ink), False]
    edges = [at for at, (before, after) in enumerate(pairwise(rows)) if before != after]
    return zip(edges[::2], edges[1::2], strict=True)


def _extent(ink: "Ink", run: tuple[int, int]) -> tuple[int, int]:
    """From where to where there is ink, from the left."""
    inked = [bool(column.any()) for column in ink[run[0] : run[1]].T]
    return inked.index(True), len(inked) - inked[::-1].index(True)


def _marks(ink: "Ink", runs: list[tuple[int, int]], width: int) -> Iterator[_Mark]:
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        left, right = _extent(ink, run)
        small = all(_SPECK * width < side < _SMALL * width for side in (run[1] - run[0], right - left))
        alone = after is None or after[0] - run[1] > _EMPTY_BELOW * width
        if small and alone and left > _RIGHT * ink.shape[1]:
            blot = ink[run[0] : run[1], left:right]
            high, wide = blot.shape
            middle = blot[high // 3 : high - high // 3, wide // 3 : wide - wide // 3]
            yield _Mark("。" if middle.mean() < _HOLLOW else "、", (run[0] + run[1]) / 2)
