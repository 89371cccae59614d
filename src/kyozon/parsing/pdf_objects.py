"""What is drawn on a PDF page, one thing after the other, within forms too."""

import ctypes
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

Matrix = tuple[float, float, float, float, float, float]
"""As in ISO 32000-1, 8.3.3: (a, b, c, d, e, f) takes (x, y) to (a x + c y + e, b x + d y + f)."""

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, bottom, right, top. Both in points from the lower left corner of the page, unless a matrix says otherwise."""

_EVERYWHERE: Rect = (-math.inf, -math.inf, math.inf, math.inf)
_MOST_OF_A_CLIP = 100  # paths, and points of one: what has more is a silhouette
_DEEPEST = 5  # forms within forms
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Drawn(Struct, frozen=True):
    """An object of PDFium's, and what takes its own space to the page's."""

    item: Any
    matrix: Matrix


def objects_of(page: "PdfPage", kind: int) -> Iterator[Drawn]:
    """Those of one of PDFium's kinds (`FPDF_PAGEOBJ_…`), in the order in which they are drawn."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    def within(count: int, get: Any, parent: Any, matrix: Matrix, depth: int) -> Iterator[Drawn]:
        for at in range(count):
            item = get(parent, at)
            found = pdfium.FPDFPageObj_GetType(item)
            if found == kind:
                yield Drawn(item, _product(_matrix(item), matrix))
            elif found == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                inner = _product(_matrix(item), matrix)
                parts = pdfium.FPDFFormObj_CountObjects(item)
                yield from within(parts, pdfium.FPDFFormObj_GetObject, item, inner, depth + 1)

    yield from within(pdfium.FPDFPage_CountObjects(page), pdfium.FPDFPage_GetObject, page, _SAME, 0)


def clip_of(drawn: Drawn) -> Rect:
    """The rectangle around what its clipping paths leave of the page: all of it within forms that have their own space."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    clip = pdfium.FPDFPageObj_GetClipPath(drawn.item)
    paths = pdfium.FPDFClipPath_CountPaths(clip) if clip and _matrix(drawn.item) == drawn.matrix else 0
    left, bottom, right, top = _EVERYWHERE
    for path in range(paths if paths <= _MOST_OF_A_CLIP else 0):
        points = pdfium.FPDFClipPath_CountPathSegments(clip, path)
        if 0 < points <= _MOST_OF_A_CLIP:
            across, upward = zip(*(_point(clip, path, at) for at in range(points)), strict=True)
            left, right = max(left, min(across)), min(right, max(across))
            bottom, top = max(bottom, min(upward)), min(top, max(upward))
    return left, bottom, right, top


def _point(clip: Any, path: int, at: int) -> Point:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    x, y = ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(clip, path, at), x, y)
    return x.value, y.value


def moved(point: Point, matrix: Matrix) -> Point:
    """Where the matrix takes a point."""
    (x, y), (a, b, c, d, e, f) = point, matrix
    return a * x + c * y + e, b * x + d * y + f


def extent(rect: Rect, matrix: Matrix) -> Rect:
    """The rectangle around where the matrix takes one."""
    corners = [moved((x, y), matrix) for x in rect[::2] for y in rect[1::2]]
    across, down = zip(*corners, strict=True)
    return min(across), min(down), max(across), max(down)


def _matrix(item: Any) -> Matrix:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    found = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _product(first: Matrix, then: Matrix) -> Matrix:
    (a, b, c, d, e, f), (g, h, i, j, k, m) = first, then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m
