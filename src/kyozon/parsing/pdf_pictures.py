"""Pictures on a PDF page that has words: what is written on them is read where they stand.

They are looked at as they are printed, without the words that the file itself has there: nothing is read twice.
"""

import ctypes
import zlib
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.parsing.columns import Box
from kyozon.parsing.embedded import MOST_PICTURES
from kyozon.parsing.figures import is_part, is_under, is_within, joined
from kyozon.parsing.lines import Line, Part, as_picture
from kyozon.parsing.pdf_objects import Drawn, extent, objects_of
from kyozon.parsing.scans import MOST_MEGAPIXELS, lines_in

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

_DOTS = 200 / 72  # for a point
_LONGEST_SIDE = 4000
_LONGEST_READ = 2000  # picture elements: what is longer, the models do not see any finer
_MOST_OF_A_PAGE = 300  # There are more where drawings are made of them.
_LARGE = 0.02  # of the page: smaller ones are logos
_LOWEST = 12.0  # points: a line of letters fits
_ROOM = 2.0  # points around words
_FREE = 0.3  # of the ink: where less is left beside the words, they are what is written there
_SHEET = 736  # picture elements
_SURE = 0.7  # of all that is read: less is what leaves and clouds look like
_CONTRAST = 64  # levels of grey
_FEWEST_LETTERS = 4  # what looks like fewer is no writing
_SQUARE = (0.0, 0.0, 1.0, 1.0)


class Figure(Struct, frozen=True):
    """Where a picture is on a level page, what it consists of, and what tells it from others."""

    box: Box
    parts: Sequence[Drawn]
    content: tuple[tuple[int, int], ...]


class Pictures:
    """The pictures of one file. Each is read where it stands first; a letterhead does not come with every page."""

    def __init__(self) -> None:
        self._met: set[tuple[tuple[int, int], ...]] = set()
        self._count = 0

    def on(self, page: "PdfPage") -> list[Figure]:
        """Those of a level page that may hold writing and have not been read, the largest first.

        None of a page that is drawn with very many, nor after `MOST_PICTURES`.
        """
        return [one for one in _figures(page) if one.content not in self._met] if self._count < MOST_PICTURES else []

    def read(self, page: "PdfPage", figures: Sequence[Figure], words: Sequence[Box]) -> list[Part]:
        """What is written on figures of a page, `words` being where it has words itself.

        Nothing of those that lie under words; those within others are read as a part of them.

        Raises:
            MissingPiece: what reads pictures is not installed.
        """
        found: list[Part] = []
        read: list[Box] = []
        for figure in figures:
            box = figure.box
            if any(is_within(box, one) for one in read):
                self._met.add(figure.content)
                continue
            if figure.content in self._met or self._count >= MOST_PICTURES or is_under(box, words):
                continue
            printed = _printed(page, figure)
            free = _without(words, printed, box)
            if _ink(free) > _FREE * _ink(printed):
                read.append(box)
                self._met.add(figure.content)
                self._count += 1
                lines = _lines(free)
                found += [Part(box, [as_picture(lines, box.left, box.right)])] if lines else []
        return found


def page_as_picture(page: "PdfPage", words: Sequence[Box]) -> list[Part]:
    """What is written on a whole page, as large as OCR wants it, but for the words it has itself.

    Raises:
        MissingPiece: what reads pictures is not installed.
    """
    left, bottom, right, top = page.get_bbox()
    height = page.get_height()
    box = Box(left, height - top, right, height - bottom, 0)
    scale = min(_DOTS, _LONGEST_SIDE / max(_wide(box), box.height, 1.0))
    lines = lines_in(_without(words, page.render(scale=scale).to_pil(), box))
    return [Part(box, [as_picture(lines, left, right)])] if lines else []


def has_pictures(page: "PdfPage") -> bool:
    """Whether there is one, however small."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    return any(True for _ in objects_of(page, pdfium.FPDF_PAGEOBJ_IMAGE))


def _figures(page: "PdfPage") -> list[Figure]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    drawn = list(islice(objects_of(page, pdfium.FPDF_PAGEOBJ_IMAGE), _MOST_OF_A_PAGE + 1))
    if len(drawn) > _MOST_OF_A_PAGE:
        return []
    boxes = [box for at, one in enumerate(drawn) if (box := _box(page, one, at)) is not None]
    least = _LARGE * page.get_width() * page.get_height()
    large = [box for box in joined(boxes) if _area(box) >= least and min(_wide(box), box.height) >= _LOWEST]
    found = [(box, [drawn[one.ordinal] for one in boxes if is_part(one, box)]) for box in large]
    return [
        Figure(box, parts, tuple(map(_content, parts)))
        for box, parts in sorted(found, key=lambda one: _area(one[0]), reverse=True)
        if sum(map(_elements, parts)) <= MOST_MEGAPIXELS * 1_000_000
    ]


def _box(page: "PdfPage", drawn: Drawn, ordinal: int) -> Box | None:
    """Where it is on the page; None where it cannot be seen."""
    edge = page.get_bbox()
    found = extent(_SQUARE, drawn.matrix)
    left, bottom = max(found[0], edge[0]), max(found[1], edge[1])
    right, top = min(found[2], edge[2]), min(found[3], edge[3])
    height = page.get_height()
    return Box(left, height - top, right, height - bottom, ordinal) if left < right and bottom < top else None


def _wide(box: Box) -> float:
    return box.right - box.left


def _area(box: Box) -> float:
    return _wide(box) * box.height


def _size(part: Drawn) -> tuple[int, int]:
    """How many picture elements it is wide, and high."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    wide, high = ctypes.c_uint(), ctypes.c_uint()
    pdfium.FPDFImageObj_GetImagePixelSize(part.item, wide, high)
    return wide.value, high.value


def _elements(part: Drawn) -> int:
    wide, high = _size(part)
    return wide * high


def _dots(part: Drawn) -> float:
    """Its picture elements for a point."""
    left, bottom, right, top = extent(_SQUARE, part.matrix)
    return max(_size(part)) / max(right - left, top - bottom, 1.0)


def _content(part: Drawn) -> tuple[int, int]:
    """How long it is as it stands in the file, and the sum of its bytes."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    size = pdfium.FPDFImageObj_GetImageDataRaw(part.item, None, 0)
    raw = ctypes.create_string_buffer(size)
    pdfium.FPDFImageObj_GetImageDataRaw(part.item, raw, size)
    return size, zlib.crc32(raw)


def _printed(page: "PdfPage", figure: Figure) -> "Image":
    """A picture as it is printed, as fine as it is in the file, or as OCR needs it."""
    left, bottom, right, top = page.get_bbox()
    box, height = figure.box, page.get_height()
    longest = max(_wide(box), box.height)
    fine = min(max(map(_dots, figure.parts)), _LONGEST_READ / longest)
    scale = min(max(_DOTS, fine), _LONGEST_SIDE / longest)
    edges = box.left - left, height - box.bottom - bottom, right - box.right, top - height + box.top
    printed: Image = page.render(scale=scale, crop=edges, may_draw_forms=False, draw_annots=False).to_pil()
    return printed


def _without(words: Sequence[Box], picture: "Image", box: Box) -> "Image":
    """The picture, paper where there are words."""
    from PIL import ImageDraw  # noqa: PLC0415 - it is in an extra

    picture = picture.copy()
    pen, scale = ImageDraw.Draw(picture), picture.width / _wide(box)
    for one in words:
        left, top = one.left - box.left - _ROOM, one.top - box.top - _ROOM
        right, bottom = one.right - box.left + _ROOM, one.bottom - box.top + _ROOM
        pen.rectangle([edge * scale for edge in (left, top, right, bottom)], fill="white")
    return picture


def _ink(picture: "Image") -> int:
    """How many of its elements are dark; 0 where it is all of one grey."""
    import numpy as np  # noqa: PLC0415 - only who reads pictures needs it

    grey = np.asarray(picture.convert("L"))
    darkest, lightest = int(grey.min()), int(grey.max())
    return int((grey < (darkest + lightest) // 2).sum()) if lightest - darkest >= _CONTRAST else 0


def _lines(picture: "Image") -> Sequence[Line]:
    """What is written on it; nothing where that would be a few signs only."""
    from PIL import Image  # noqa: PLC0415 - as above

    sheet = Image.new("RGB", (max(picture.width, _SHEET), max(picture.height, _SHEET)), "white")
    sheet.paste(picture)  # A strip alone would be enlarged for the models until its shorter side is as long as that.
    lines = [line for line in lines_in(sheet, _SURE) if any(map(str.isalnum, line.words))]
    letters = sum(character.isalnum() for line in lines for character in line.words)
    return lines if letters >= _FEWEST_LETTERS else ()
