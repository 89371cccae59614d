"""Pictures on a PDF page that has words: what is written on them is read where they stand.

They are looked at as they are printed, without the words that the file itself has there: nothing is read twice.
"""

import ctypes
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from kyozon.domain.errors import MissingPiece
from kyozon.parsing.allowance import MOST_PICTURES, Allowance
from kyozon.parsing.columns import Box
from kyozon.parsing.figures import is_part, is_under, is_within, joined
from kyozon.parsing.lines import Line, Part, as_picture
from kyozon.parsing.pdf_objects import Drawn, Rect, clip_of, extent, objects_of
from kyozon.parsing.pdf_printed import CONTRAST, DOTS, scale_of, shown, without
from kyozon.parsing.pdf_turning import Turned, turn_back
from kyozon.parsing.scans import MOST_MEGAPIXELS, lines_in

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

_LONGEST_READ = 2000  # picture elements: what is longer, the models do not see any finer
_MOST_OF_A_PAGE = 300  # There are more where drawings are made of them.
_LARGE = 0.02  # of the page: smaller ones are logos
_LOWEST = 12.0  # points: a line of letters fits
_SHEET = 736  # picture elements
_SURE = 0.7  # of all that is read: less is what leaves and clouds look like
_FEW_ELEMENTS = 4_000_000  # so small, it is looked at by itself first: printing takes long where much is drawn around
_MOST_LOOKS = 3  # at what showed nothing of its own: backgrounds, and scans under their words
_FEWEST_LETTERS = 4  # what looks like fewer is no writing
_SQUARE = (0.0, 0.0, 1.0, 1.0)

Content = tuple[tuple[int, int, Rect], ...]
"""Of each part the length and the sum of its bytes, and what is seen of it, in tenths of its width and height."""


class Figure(Struct, frozen=True):
    """Where a picture is on a level page, what it consists of, and what tells it from others."""

    box: Box
    parts: Sequence[Drawn]
    content: Content


class Pictures:
    """The pictures of one file. Each is read where it stands first; a letterhead does not come with every page."""

    def __init__(self) -> None:
        self._looks: Counter[Content] = Counter()
        self._allowance = Allowance(MOST_PICTURES)

    def on(self, page: "PdfPage") -> list[Figure]:
        """Those of a level page that may hold writing and have not been read, the largest first.

        None of a page that is drawn with very many, nor when the `Allowance` is used up.
        """
        return [one for one in _figures(page) if self._is_new(one)] if self._allowance.left() else []

    def read(self, page: "PdfPage", figures: Sequence[Figure], words: Sequence[Box]) -> list[Part]:
        """What is written on figures of a page, `words` being where it has words itself.

        Nothing of those that lie under words or cannot be read; those within others are read as a part of them.

        Raises:
            MissingPiece: what reads pictures is not installed.
        """
        found: list[Part] = []
        read: list[Box] = []
        for figure in figures:
            box = figure.box
            if any(is_within(box, one) for one in read):
                self._looks[figure.content] = _MOST_LOOKS
            elif self._is_new(figure) and self._allowance.left() and not is_under(box, words):
                with self._allowance.spending():
                    lines = self._read(page, figure, words)
                read += [] if lines is None else [box]
                found += [Part(box, [as_picture(lines, box.left, box.right)])] if lines else []
        return found

    def _read(self, page: "PdfPage", figure: Figure, words: Sequence[Box]) -> Sequence[Line] | None:
        """None where there is nothing to be read."""
        self._looks[figure.content] += 1
        try:
            if all(_is_plain(page, part) for part in figure.parts):
                return None
            picture = shown(page, figure.box, _fine(figure), words)
            if picture is None:
                return None
            self._looks[figure.content] = _MOST_LOOKS
            self._allowance.count()
            return _lines(picture)
        except MissingPiece:
            raise
        except Exception:  # noqa: BLE001 - what lack of memory raises in PDFium, OpenCV and onnxruntime has no common name
            return ()  # The words around it are worth more.

    def _is_new(self, figure: Figure) -> bool:
        return self._looks[figure.content] < _MOST_LOOKS


def page_as_picture(page: "PdfPage", words: Sequence[Box], turned: Turned | None) -> list[Part]:
    """What is written on a whole page, as large as OCR wants it, but for the words it has itself.

    `turned` says how the page was made level; afterwards it is as before, and of no more use.

    Raises:
        MissingPiece: what reads pictures is not installed.
    """
    left, bottom, right, top = page.get_bbox()
    height = page.get_height()
    box = Box(left, height - top, right, height - bottom, 0)
    scale = min(DOTS, scale_of(page))
    if turned:
        turn_back(page, turned)
    lines = lines_in(without(words, page.render(scale=scale).to_pil(), box))
    return [Part(box, [as_picture(lines, left, right)])] if lines else []


def has_pictures(page: "PdfPage") -> bool:
    """Whether there is one, however small."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - it is in an extra

    return any(True for _ in objects_of(page, pdfium.FPDF_PAGEOBJ_IMAGE))


def _figures(page: "PdfPage") -> list[Figure]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    drawn = list(islice(objects_of(page, pdfium.FPDF_PAGEOBJ_IMAGE), _MOST_OF_A_PAGE + 1))
    if len(drawn) > _MOST_OF_A_PAGE or any(_elements(one) > MOST_MEGAPIXELS * 1_000_000 for one in drawn):
        return []
    boxes = [box for at, one in enumerate(drawn) if (box := _box(page, one, at)) is not None]
    least = _LARGE * page.get_width() * page.get_height()
    large = [box for box in joined(boxes) if _area(box) >= least and min(_wide(box), box.height) >= _LOWEST]
    figures = []
    for box in sorted(large, key=_area, reverse=True):
        inner = [one for one in boxes if is_part(one, box)]
        parts = [drawn[one.ordinal] for one in inner]
        if sum(map(_elements, parts)) <= MOST_MEGAPIXELS * 1_000_000:
            height = page.get_height()
            content = (_content(part, one, height) for part, one in zip(parts, inner, strict=True))
            figures.append(Figure(box, parts, tuple(content)))
    return figures


def _box(page: "PdfPage", drawn: Drawn, ordinal: int) -> Box | None:
    """Where it is on the page; None where it cannot be seen."""
    edges = list(zip(extent(_SQUARE, drawn.matrix), page.get_bbox(), clip_of(drawn), strict=True))
    (left, bottom), (right, top) = map(max, edges[:2]), map(min, edges[2:])
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


def _is_plain(page: "PdfPage", part: Drawn) -> bool:
    """Whether it is small, and of one colour alone all over."""
    import pypdfium2  # noqa: PLC0415 - as above

    if _elements(part) > _FEW_ELEMENTS:
        return False
    try:
        picture = pypdfium2.PdfImage(part.item, page=page, pdf=page.pdf).get_bitmap(render=True).to_pil().convert("RGBA")
    except pypdfium2.PdfiumError:
        return False
    *colours, (thinnest, _) = picture.getextrema()  # On a page that was turned, PDFium shows nothing of what was clipped.
    return thinnest > 0 and all(most - least < CONTRAST for least, most in colours)


def _dots(part: Drawn) -> float:
    """Its picture elements for a point."""
    left, bottom, right, top = extent(_SQUARE, part.matrix)
    return max(_size(part)) / max(right - left, top - bottom, 1.0)


def _content(part: Drawn, box: Box, height: float) -> tuple[int, int, Rect]:
    """What tells it from others, on a page of this height where it is seen within the box."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    size = pdfium.FPDFImageObj_GetImageDataRaw(part.item, None, 0)
    raw = ctypes.create_string_buffer(size)
    pdfium.FPDFImageObj_GetImageDataRaw(part.item, raw, size)
    left, bottom, right, top = extent(_SQUARE, part.matrix)
    across = [round((edge - left) / (right - left), 1) for edge in (box.left, box.right)]
    upward = [round((height - edge - bottom) / (top - bottom), 1) for edge in (box.bottom, box.top)]
    return size, zlib.crc32(raw), (across[0], upward[0], across[1], upward[1])


def _fine(figure: Figure) -> float:
    """How many dots for a point show it as fine as it is in the file, or as OCR needs it."""
    longest = max(_wide(figure.box), figure.box.height)
    return max(DOTS, min(max(map(_dots, figure.parts)), _LONGEST_READ / longest))


def _lines(picture: "Image") -> Sequence[Line]:
    """What is written on it; nothing where that would be a few signs only."""
    from PIL import Image  # noqa: PLC0415 - as above

    sheet = Image.new("RGB", (max(picture.width, _SHEET), max(picture.height, _SHEET)), "white")
    sheet.paste(picture)  # A strip alone would be enlarged for the models until its shorter side is as long as that.
    lines = [line for line in lines_in(sheet, _SURE) if any(map(str.isalnum, line.words))]
    letters = sum(character.isalnum() for line in lines for character in line.words)
    return lines if letters >= _FEWEST_LETTERS else ()
