"""Pictures of writing: read by rapidocr, whose models come with its package. What is read so is marked as scanned."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, reduce
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.aligned import aligned, as_line
from kyozon.parsing.articles import article_headings
from kyozon.parsing.building import Building
from kyozon.parsing.columns import Box, in_two_columns, rows
from kyozon.parsing.lines import Line
from kyozon.parsing.unwrapping import together, unwrapped
from kyozon.parsing.upright import with_marks
from kyozon.ports.knowledge_parsing import Report

if TYPE_CHECKING:
    from PIL.Image import Image

UNREADABLE = (OSError, SyntaxError, ValueError, EOFError)
"""What Pillow raises for a picture that is damaged, or of another kind."""

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
MOST_MEGAPIXELS = 100
"""Larger pictures are not looked at."""

_LONGEST_SIDE = 4000
_SMALLEST_SIDE = 8
_AT_ONCE = 2  # boxes of words: six take a quarter more memory, and no less time
_LEGIBLE = 0.5  # what it is less sure of is no writing
_SURE = 0.8  # less, and the page may lie upside down
_EVEN = 0.25
_UPRIGHT = 2.0  # A line of vertical writing is so much taller than it is wide.


def lines_in(picture: "Image", least: float = 0.0) -> list[Line]:
    """The lines of a picture, in the order in which they are read; wrapped ones are joined, and tables are one.

    None where it is less sure of them all than `least`, from 0 to 1.

    Raises:
        MissingPiece: rapidocr is not installed.
    """
    import numpy as np  # noqa: PLC0415 - only who reads pictures needs it

    picture = _on_white(picture)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    if min(picture.size) < _SMALLEST_SIDE:
        return []
    pixels = np.asarray(picture)
    seen = _seen(pixels)
    if 0 < seen.sure < _SURE and (turned := _seen(pixels[::-1, ::-1])).sure > seen.sure:
        pixels, seen = pixels[::-1, ::-1], turned  # It lay upside down.
    if seen.sure < least:
        return []
    return unwrapped(_upright(seen, pixels.mean(axis=2).astype(np.uint8)) if _is_upright(seen) else _level(seen))


def _on_white(picture: "Image") -> "Image":
    """The picture as it is seen: the way a camera was held, and on paper where there is nothing."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - it is in an extra

    picture.load()
    with suppress(Exception):  # What a camera wrote beside a sound picture may be broken in any way: then it is not turned.
        ImageOps.exif_transpose(picture, in_place=True)
    if picture.has_transparency_data:
        drawn = picture.convert("RGBA")
        picture = Image.new("RGBA", drawn.size, "white")
        picture.alpha_composite(drawn)
    return picture.convert("RGB")


class _Seen(Struct, frozen=True):
    """Boxes, the words in them by their ordinals, and how sure it is of them, from 0 to 1."""

    boxes: Sequence[Box]
    words: Mapping[int, str]
    sure: float


def _seen(pixels: Any) -> _Seen:
    found = _engine()(pixels[:, :, ::-1])  # It expects blue first.
    if found.boxes is None or not found.txts:
        return _Seen((), {}, 0.0)
    read = [(len(words), score) for words, score in zip(found.txts, found.scores, strict=True)]
    sure = sum(length * score for length, score in read) / max(1, sum(length for length, _ in read))
    legible = [at for at, score in enumerate(found.scores) if score >= _LEGIBLE]
    boxes = [_box(found.boxes[at], at) for at in legible]
    return _Seen(boxes, {at: found.txts[at] for at in legible}, sure)


@cache
def _engine() -> Any:
    """The models, which are loaded for the first picture."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # From 1.29 on onnxruntime would tell its maker about its use.
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415 - it is in an extra, and takes a second to load
    except ImportError as error:
        raise refusals.missing("rapidocr") from error
    # What would tell lines upside down is wrong about one in twenty, which is lost then.
    once = {"Global.log_level": "critical", "Global.use_cls": False, "Global.text_score": 0.0}
    once["Rec.rec_batch_num"] = _AT_ONCE
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params=once | threads)


def _box(corners: Any, ordinal: int) -> Box:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return Box(min(across), min(down), max(across), max(down), ordinal)


def _is_upright(seen: _Seen) -> bool:
    """Whether most of the words stand in columns."""
    upright = [box.ordinal for box in seen.boxes if box.height > _UPRIGHT * (box.right - box.left)]
    return 2 * sum(len(seen.words[at]) for at in upright) > sum(map(len, seen.words.values()))


def _upright(seen: _Seen, grey: Any) -> list[Line]:
    """Vertical writing goes to the left; or the page lay on its side."""
    turned = [Box(box.top, -box.right, box.bottom, -box.left, box.ordinal) for box in seen.boxes]
    usual = median(box.height for box in turned)
    lines = []
    for column in _ordered(turned):
        spans = [
            (slice(max(0, int(box.left)), int(box.right)), slice(max(0, int(-box.bottom)), int(-box.top))) for box in column
        ]
        said = [with_marks(seen.words[box.ordinal], grey[span]) for box, span in zip(column, spans, strict=True)]
        lines.append(Line(reduce(together, said), column[0].left, column[-1].right, _even(column[0], usual), upright=True))
    return lines


def _level(seen: _Seen) -> list[Line]:
    tables = aligned(seen.boxes, seen.words)
    taken = {at for table in tables for at in table.ordinals}
    boxes = [box for box in seen.boxes if box.ordinal not in taken]
    usual = median(box.height for box in seen.boxes) if seen.boxes else 0.0
    lines = []
    for row in _ordered([*boxes, *(table.box(~at) for at, table in enumerate(tables))]):
        if own := [box for box in row if box.ordinal >= 0]:
            words = " ".join(seen.words[box.ordinal] for box in own)
            lines.append(Line(words, own[0].left, own[-1].right, _even(own[0], usual)))
        lines += [as_line(tables[~box.ordinal].said(seen.words), box, usual) for box in row if box.ordinal < 0]
    return lines


def _even(box: Box, usual: float) -> float:
    """How high the letters are; boxes of the same print differ a little."""
    return usual if abs(box.height - usual) < _EVEN * usual else box.height


def _ordered(boxes: Sequence[Box]) -> list[list[Box]]:
    ordered = in_two_columns(boxes)
    return rows(boxes) if ordered is None else [[box] for box in ordered]


def parse_picture(path: Path, title: str, report: Report) -> Parsed:
    """A picture; each frame of a TIFF is a page.

    Raises:
        InvalidFile: it is damaged, too large, or there is no writing in it.
        MissingPiece: what reads pictures is not installed.
    """
    building = Building()
    try:
        with path.open("rb") as file, picture_in(file) as picture:
            frames = int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
            for number, frame in enumerate(_frames(picture, frames), 1):
                building.page()
                building.scan(lines_in(frame))
                report(number, frames)
    except UNREADABLE as error:
        raise refusals.failed(error) from error
    building.mark(article_headings(building.text))
    return building.parsed(title)


@contextmanager
def picture_in(file: IO[bytes]) -> "Iterator[Image]":
    """The picture in a file.

    Raises:
        InvalidFile: it has more picture elements than are looked at.
        MissingPiece: what opens pictures is not installed.
        OSError, SyntaxError, ValueError, EOFError: `UNREADABLE`, it is damaged, or of another kind.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - it is in an extra
    except ImportError as error:
        raise refusals.missing("Pillow") from error
    Image.MAX_IMAGE_PIXELS = None  # Looked at below: Pillow warns first, and refuses at the double only.
    with Image.open(file, formats=_FORMATS) as picture:
        _bounded(picture)
        yield picture


def _frames(picture: "Image", count: int) -> "Iterable[Image]":
    for number in range(count):
        picture.seek(number)
        _bounded(picture)
        yield picture


def _bounded(picture: "Image") -> None:
    if picture.width * picture.height > MOST_MEGAPIXELS * 1_000_000:
        raise refusals.too_large_picture(MOST_MEGAPIXELS)
