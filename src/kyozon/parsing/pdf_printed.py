"""Pictures of a PDF page as they are printed, without the words that the file itself has there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kyozon.parsing.columns import Box

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

DOTS = 200 / 72  # for a point: as OCR needs it
_LONGEST_SIDE = 4000
_ROOM = 2.0  # points around words
_FREE = 0.3  # of the ink: where less is left beside the words, they are what is written there
CONTRAST = 64  # levels of grey


def shown(page: "PdfPage", box: Box, dots: float, words: Sequence[Box]) -> "Image | None":
    """What a level page has in a box, `dots` for a point, besides its words; None where these are what is written."""
    left, bottom, right, top = page.get_bbox()
    height = page.get_height()
    scale = min(dots, _LONGEST_SIDE / max(box.right - box.left, box.height))
    edges = box.left - left, height - box.bottom - bottom, right - box.right, top - height + box.top
    printed: Image = page.render(scale=scale, crop=edges, may_draw_forms=False, draw_annots=False).to_pil()
    free = without(words, printed, box)
    return free if _ink(free) > _FREE * _ink(printed) else None


def scale_of(page: "PdfPage") -> float:
    """How many dots for a point make a page as large as is looked at."""
    return _LONGEST_SIDE / max(float(page.get_width()), float(page.get_height()), 1.0)


def without(words: Sequence[Box], picture: "Image", box: Box) -> "Image":
    """The picture, paper where there are words."""
    from PIL import ImageDraw  # noqa: PLC0415 - it is in an extra

    picture = picture.copy()
    pen, scale = ImageDraw.Draw(picture), picture.width / (box.right - box.left)
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
    return int((grey < (darkest + lightest) // 2).sum()) if lightest - darkest >= CONTRAST else 0
