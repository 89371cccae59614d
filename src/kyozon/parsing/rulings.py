"""The straight rules that are drawn on a PDF page: of tables, and of whatever else has edges."""

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kyozon.parsing.grids import Ruling
from kyozon.parsing.pdf_objects import Drawn, Point, moved, objects_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST_PATHS = 5_000  # There are more on maps and drawings, and no tables.
_MOST_POINTS = 200  # of one path
_STRAIGHT = 0.7  # points that the ends of a rule differ by


def rulings_of(page: "PdfPage") -> list[Ruling]:
    """Horizontal and vertical strokes, and edges of areas; none of a page that is a drawing. The page is level."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    height = page.get_height()
    found: list[Ruling] = []
    for count, path in enumerate(objects_of(page, pdfium.FPDF_PAGEOBJ_PATH)):
        if count == _MOST_PATHS:
            return []
        found += [ruling for first, last in _lines(path) if (ruling := _ruling(first, last, height))]
    return found


def _ruling(first: Point, last: Point, height: float) -> Ruling | None:
    across, down = abs(first[0] - last[0]), abs(first[1] - last[1])
    if across <= _STRAIGHT < down:
        return Ruling(first[0], height - max(first[1], last[1]), height - min(first[1], last[1]), upright=True)
    if down <= _STRAIGHT < across:
        return Ruling(height - first[1], min(first[0], last[0]), max(first[0], last[0]))
    return None


def _lines(path: Drawn) -> Iterator[tuple[Point, Point]]:
    """The straight lines of a path that can be seen."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path.item, fill, stroke)
    count = pdfium.FPDFPath_CountSegments(path.item)
    if not (fill.value or stroke.value) or count > _MOST_POINTS:
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    begun = before = (0.0, 0.0)
    for at in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path.item, at)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = moved((x.value, y.value), path.matrix)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            begun = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield before, point
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield point, begun
        before = point
