"""The straight rules that are drawn on a PDF page: of tables, and of whatever else has edges."""

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kyozon.parsing.grids import Ruling

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST_PATHS = 5_000  # There are more on maps and drawings, and no tables.
_MOST_POINTS = 200  # of one path
_DEEPEST = 5  # forms within forms
_STRAIGHT = 0.7  # points that the ends of a rule differ by

_Matrix = tuple[float, float, float, float, float, float]
_Point = tuple[float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def rulings_of(page: "PdfPage") -> list[Ruling]:
    """Horizontal and vertical strokes, and edges of areas; none of a page that is turned, or a drawing."""
    if page.get_rotation():
        return []
    height = page.get_height()
    found: list[Ruling] = []
    for count, lines in enumerate(_paths(page)):
        if count == _MOST_PATHS:
            return []
        found += [ruling for first, last in lines if (ruling := _ruling(first, last, height))]
    return found


def _ruling(first: _Point, last: _Point, height: float) -> Ruling | None:
    across, down = abs(first[0] - last[0]), abs(first[1] - last[1])
    if across <= _STRAIGHT < down:
        return Ruling(first[0], height - max(first[1], last[1]), height - min(first[1], last[1]), upright=True)
    if down <= _STRAIGHT < across:
        return Ruling(height - first[1], min(first[0], last[0]), max(first[0], last[0]))
    return None


def _paths(page: "PdfPage") -> Iterator[list[tuple[_Point, _Point]]]:
    """The lines of each path that can be seen."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    def within(count: int, get: Any, parent: Any, matrix: _Matrix, depth: int) -> Iterator[list[tuple[_Point, _Point]]]:
        for at in range(count):
            item = get(parent, at)
            kind = pdfium.FPDFPageObj_GetType(item)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                yield list(_lines(item, _product(_matrix(item), matrix)))
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                inner = _product(_matrix(item), matrix)
                parts = pdfium.FPDFFormObj_CountObjects(item)
                yield from within(parts, pdfium.FPDFFormObj_GetObject, item, inner, depth + 1)

    yield from within(pdfium.FPDFPage_CountObjects(page), pdfium.FPDFPage_GetObject, page, _SAME, 0)


def _lines(path: Any, matrix: _Matrix) -> Iterator[tuple[_Point, _Point]]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    count = pdfium.FPDFPath_CountSegments(path)
    if not (fill.value or stroke.value) or count > _MOST_POINTS:
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    begun = before = (0.0, 0.0)
    for at in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, at)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = _moved((x.value, y.value), matrix)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            begun = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield before, point
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield point, begun
        before = point


def _matrix(item: Any) -> _Matrix:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    found = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _moved(point: _Point, matrix: _Matrix) -> _Point:
    (x, y), (a, b, c, d, e, f) = point, matrix
    return a * x + c * y + e, b * x + d * y + f


def _product(first: _Matrix, then: _Matrix) -> _Matrix:
    (a, b, c, d, e, f), (g, h, i, j, k, m) = first, then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m
