"""Turns a page of a PDF, as it is in memory, until its words are level: lines and tables are found on such pages only.

Tables that are wider than high are printed on their side, with or without a word in the file (`/Rotate`) on how to hold
the page. PDFium has lines, boxes and, in fonts that are not in the file, characters right only where words are level.
"""

import math
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from kyozon.parsing.pdf_objects import Drawn, Point, extent, objects_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST = 500  # runs of words that are asked
_FEWEST = 20  # letters as wide as high; so many turn no page: stamps, and notes at the edge of a scan
_CIRCLE = ((1, 0), (0, 1), (-1, 0), (0, -1))


class Turned(Struct, frozen=True):
    """By how many quarters, with the clock, a page was turned, and where its lower left corner was before."""

    quarters: int
    corner: Point


def turn_level(page: "PdfPage") -> Turned | None:
    """Turn it by as many quarters as most of its letters are; where there are hardly any, as it is to be held.

    None if what is on it stays as it was.
    """
    shown = page.get_rotation()
    quarters = _quarters(page, shown // 90)
    left, bottom, _, _ = page.get_bbox()
    if quarters:
        _turn(page, quarters, (0.0, 0.0))
    if shown:
        page.set_rotation(0)
    return Turned(quarters, (left, bottom)) if quarters else None


def turn_back(page: "PdfPage", turned: Turned) -> None:
    """Only have it held as it was turned: annotations, such as stamps, cannot be turned, and are in their places again."""
    _turn(page, -turned.quarters % 4, turned.corner)
    page.set_rotation(90 * turned.quarters)


def _turn(page: "PdfPage", quarters: int, corner: Point) -> None:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    cosine, sine = _CIRCLE[quarters]
    left, bottom, right, top = extent(page.get_bbox(), (cosine, -sine, sine, cosine, 0.0, 0.0))
    across, up = corner[0] - left, corner[1] - bottom
    for at in range(pdfium.FPDFPage_CountObjects(page)):
        item = pdfium.FPDFPage_GetObject(page, at)
        for moves in (pdfium.FPDFPageObj_Transform, pdfium.FPDFPageObj_TransformClipPath):
            moves(item, cosine, -sine, sine, cosine, across, up)
    for sets in (page.set_mediabox, page.set_cropbox):
        sets(*corner, right + across, top + up)


def _quarters(page: "PdfPage", held: int) -> int:
    """By how many quarters, against the clock, most of its letters are turned."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    asked = islice(objects_of(page, pdfium.FPDF_PAGEOBJ_TEXT), _MOST)
    runs = [(quarters, one.item) for one in asked if (quarters := _of_run(one)) is not None]
    votes = Counter({held: _FEWEST})
    if any(quarters != held for quarters, _ in runs):
        for quarters, item in runs:
            votes[quarters] += _letters(item)
    return votes.most_common(1)[0][0]


def _of_run(run: Drawn) -> int | None:
    """By how many quarters its words are turned; None where they are mirrored, or too small or large for numbers."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    a, b, c, d, _, _ = run.matrix
    if not 0 < a * d - b * c < math.inf:
        return None
    size = pdfium.c_float()
    pdfium.FPDFTextObj_GetFontSize(run.item, size)
    on_their_head = 2 if size.value < 0 else 0
    return (round(math.atan2(b, a) / (math.pi / 2)) + on_their_head) % 4


def _letters(run: Any) -> int:
    """How many letters as wide as high its words have room for: PDFium has not all of them where they are not level."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    left, bottom, right, top, size = (pdfium.c_float() for _ in range(5))
    own = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(run, own)
    pdfium.FPDFTextObj_GetFontSize(run, size)
    pdfium.FPDFPageObj_GetBounds(run, left, bottom, right, top)
    height = abs(size.value) * math.hypot(own.c, own.d)
    letters = max(right.value - left.value, top.value - bottom.value) / height if height else 0.0
    return round(letters) if math.isfinite(letters) else 0
