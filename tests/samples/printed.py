"""Small PDFs, set line by line in a Japanese font that every reader of PDF knows without its being in the file."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_FONT = "HeiseiMin-W3"
_LEADING = 16

Placed = tuple[float, float, float, str]
"""Distances from the left and from the top, the height of the letters, and the words."""

Rule = tuple[float, float, float, float]
"""Where it begins and where it ends: distances from the left and from the top."""

Shown = tuple[float, float, float, float, Image.Image]
"""A picture in its frame: distances from the left and from the top, width and height."""

_WIDE, _HIGH = 595, 842
_CROPPED = 0.1  # points: PDFium forgets frames that crop nothing.
_MOVED = {0: (0, 0), 90: (_HIGH, 0), 180: (_WIDE, _HIGH), 270: (0, _WIDE)}


def lines(words: Sequence[str], *, left: float = 60, top: float = 60, height: float = 10) -> list[Placed]:
    """One under the other."""
    return [(left, top + _LEADING * at, height, line) for at, line in enumerate(words)]


def boxes(columns: Sequence[float], rows: Sequence[float]) -> list[Rule]:
    """The rules of a table with these edges."""
    across = [(columns[0], row, columns[-1], row) for row in rows]
    return [*across, *((column, rows[0], column, rows[-1]) for column in columns)]


def pdf_file(
    path: Path,
    pages: Sequence[Sequence[Placed]],
    title: str = "",
    rules: Sequence[Sequence[Rule]] = (),
    pictures: Sequence[Sequence[Shown]] = (),
    turned: tuple[int, int] = (0, 0),
) -> Path:
    """A4 pages, written in the order in which their words are given; `rules` and `pictures` are those of each page.

    `turned` says by how many degrees, against the clock, what is on the pages is turned, and with the clock the pages are.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    lies, is_shown = (one % 180 for one in turned)
    # reportlab exchanges the sides of a page by itself where it is shown lying.
    canvas = Canvas(str(path), pagesize=(_WIDE, _HIGH) if lies == is_shown else (_HIGH, _WIDE), invariant=True)
    canvas.setTitle(title)
    for page, drawn, shown in zip_longest(pages, rules, pictures, fillvalue=()):
        canvas.setPageRotation(turned[1])
        canvas.translate(*_MOVED[turned[0]])
        canvas.rotate(turned[0])
        for left, top, right, bottom in drawn:
            canvas.line(left, _HIGH - top, right, _HIGH - bottom)
        for left, top, wide, high, picture in shown:
            canvas.saveState()
            frame = canvas.beginPath()
            frame.rect(left, _HIGH - top - high, wide - _CROPPED, high)
            canvas.clipPath(frame, stroke=0)
            canvas.drawImage(ImageReader(picture), left, _HIGH - top - high, wide, high)
            canvas.restoreState()
        for left, top, height, words in page:
            canvas.setFont(_FONT, height)
            canvas.drawString(left, _HIGH - top, words)
        canvas.showPage()
    canvas.save()
    return path
