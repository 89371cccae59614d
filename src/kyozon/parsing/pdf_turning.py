"""Turns a page of a PDF, as it is in memory, until its words are level: lines and tables are found on such pages only.

Tables that are wider than high are printed on their side, with or without a word in the file (`/Rotate`) on how to hold
the page. PDFium has lines, boxes and, in fonts that are not in the file, characters right only where words are level.
"""

import math
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from kyozon.parsing.pdf_objects import Matrix, extent, objects_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST = 500  # runs of words that are asked
_FEWEST = 3  # so many turn no page: stamps, and notes at the edge of a scan
_CIRCLE = ((1, 0), (0, 1), (-1, 0), (0, -1))


def turn_level(page: "PdfPage") -> None:
    """Turn it by as many quarters as most of its words are; where there are hardly any, as it is to be held."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    shown = page.get_rotation()
    votes = Counter({shown // 90: _FEWEST})
    votes.update(_quarters(drawn.matrix) for drawn in islice(objects_of(page, pdfium.FPDF_PAGEOBJ_TEXT), _MOST))
    ((quarters, _),) = votes.most_common(1)
    if quarters:
        _turn(page, quarters)
    if shown:
        page.set_rotation(0)


def _turn(page: "PdfPage", quarters: int) -> None:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    cosine, sine = _CIRCLE[quarters]
    left, bottom, right, top = extent(page.get_bbox(), (cosine, -sine, sine, cosine, 0.0, 0.0))
    for at in range(pdfium.FPDFPage_CountObjects(page)):
        item = pdfium.FPDFPage_GetObject(page, at)
        for moves in (pdfium.FPDFPageObj_Transform, pdfium.FPDFPageObj_TransformClipPath):
            moves(item, cosine, -sine, sine, cosine, -left, -bottom)
    for sets in (page.set_mediabox, page.set_cropbox):
        sets(0, 0, right - left, top - bottom)


def _quarters(matrix: Matrix) -> int:
    """By how many quarters, against the clock, words are turned; none where they are too large for numbers."""
    turned = math.atan2(matrix[1], matrix[0]) / (math.pi / 2)
    return 0 if math.isnan(turned) else round(turned) % 4
