"""Small PDFs, set line by line in a Japanese font that every reader of PDF knows without its being in the file."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_FONT = "HeiseiMin-W3"
_LEADING = 16

Placed = tuple[float, float, float, str]
"""Distances from the left and from the top, the height of the letters, and the words."""

Rule = tuple[float, float, float, float]
"""Where it begins and where it ends: distances from the left and from the top."""


def lines(words: Sequence[str], *, left: float = 60, top: float = 60, height: float = 10) -> list[Placed]:
    """One under the other."""
    return [(left, top + _LEADING * at, height, line) for at, line in enumerate(words)]


def boxes(columns: Sequence[float], rows: Sequence[float]) -> list[Rule]:
    """The rules of a table with these edges."""
    across = [(columns[0], row, columns[-1], row) for row in rows]
    return [*across, *((column, rows[0], column, rows[-1]) for column in columns)]


def pdf_file(path: Path, pages: Sequence[Sequence[Placed]], title: str = "", rules: Sequence[Sequence[Rule]] = ()) -> Path:
    """A4 pages, written in the order in which their words are given; `rules` are those of each page."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    canvas.setTitle(title)
    for page, drawn in zip_longest(pages, rules, fillvalue=()):
        for left, top, right, bottom in drawn:
            canvas.line(left, 842 - top, right, 842 - bottom)
        for left, top, height, words in page:
            canvas.setFont(_FONT, height)
            canvas.drawString(left, 842 - top, words)
        canvas.showPage()
    canvas.save()
    return path
