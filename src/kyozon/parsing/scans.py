"""Pictures of writing: read by rapidocr, whose models come with its package. What is read so is marked as scanned."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.building import Building
from kyozon.parsing.columns import Box, in_two_columns, rows
from kyozon.ports.knowledge_parsing import Report

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_MEGAPIXELS = 100
_LONGEST_SIDE = 4000
_SMALLEST_SIDE = 8
_UPRIGHT = 2.0  # A line of vertical writing is so much taller than it is wide.


def words_in(picture: "Image") -> str:
    """The lines of a picture, in the order in which they are read.

    Raises:
        MissingPiece: rapidocr is not installed.
    """
    import numpy as np  # noqa: PLC0415 - only who reads pictures needs it

    picture = picture.convert("RGB")
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    if min(picture.size) < _SMALLEST_SIDE:
        return ""
    found = _engine()(np.asarray(picture)[:, :, ::-1])  # It expects blue first.
    if found.boxes is None or not found.txts:
        return ""
    boxes = [_box(corners, at) for at, corners in enumerate(found.boxes)]
    return "\n".join(" ".join(found.txts[box.ordinal] for box in line) for line in _lines(boxes))


@cache
def _engine() -> Any:
    """The models, which are loaded for the first picture."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # From 1.29 on onnxruntime would tell its maker about its use.
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415 - it is in an extra, and takes a second to load
    except ImportError as error:
        raise refusals.missing("rapidocr") from error
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", **threads})


def _box(corners: Any, ordinal: int) -> Box:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return Box(min(across), min(down), max(across), max(down), ordinal)


def _lines(boxes: list[Box]) -> list[list[Box]]:
    upright = [box for box in boxes if box.height > _UPRIGHT * (box.right - box.left)]
    if 2 * len(upright) > len(boxes):
        return [[box] for box in sorted(boxes, key=lambda box: -box.right)]  # Vertical writing goes to the left.
    ordered = in_two_columns(boxes)
    return rows(boxes) if ordered is None else [[box] for box in ordered]


def parse_picture(path: Path, title: str, report: Report) -> Parsed:
    """A picture; each frame of a TIFF is a page.

    Raises:
        InvalidFile: it is damaged, too large, or there is no writing in it.
        MissingPiece: what reads pictures is not installed.
    """
    building = Building()
    with _opened(path) as picture:
        frames = int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
        for number, frame in enumerate(_frames(picture, frames), 1):
            words = words_in(frame)
            building.page(scanned=True)
            building.block(words)
            report(number, frames)
    return building.parsed(title)


@contextmanager
def _opened(path: Path) -> "Iterator[Image]":
    try:
        from PIL import Image  # noqa: PLC0415 - it is in an extra
    except ImportError as error:
        raise refusals.missing("Pillow") from error
    Image.MAX_IMAGE_PIXELS = None  # Looked at below: Pillow warns first, and refuses at the double only.
    try:
        with Image.open(path) as picture:
            yield picture
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise refusals.broken(type(error).__name__) from error


def _frames(picture: "Image", count: int) -> "Iterable[Image]":
    for number in range(count):
        picture.seek(number)
        if picture.width * picture.height > MOST_MEGAPIXELS * 1_000_000:
            raise refusals.too_large_picture(MOST_MEGAPIXELS)
        yield picture
