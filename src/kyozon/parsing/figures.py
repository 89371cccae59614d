"""Pictures among the words of a page: which of them are one, which lie under words, and where they are read."""

from collections.abc import Sequence

from kyozon.parsing.columns import Box
from kyozon.parsing.lines import Part

_NEAR = 2.0  # points: edges of strips that are one scan
_UNDER = 0.15  # of a picture's height; a letterhead, a stamp and a page number leave more of a scan free


def joined(boxes: Sequence[Box]) -> list[Box]:
    """The boxes; strips and tiles, in which scanners store a page, and pictures upon each other as one.

    One that was joined has the ordinal of its first.
    """
    whole: list[Box] = []
    for box in sorted(boxes, key=lambda one: (one.top, one.left)):
        grown = box
        while (part := next((one for one in whole if _is_one(one, grown)), None)) is not None:
            whole.remove(part)
            grown = _around(part, grown)
        whole.append(grown)
    return whole


def _is_one(one: Box, other: Box) -> bool:
    """Whether they have both sides in common and touch each other, below or beside."""
    level = max(abs(one.top - other.top), abs(one.bottom - other.bottom)) <= _NEAR
    upright = max(abs(one.left - other.left), abs(one.right - other.right)) <= _NEAR
    beside = max(one.left, other.left) - min(one.right, other.right) <= _NEAR
    below = max(one.top, other.top) - min(one.bottom, other.bottom) <= _NEAR
    return (level and beside) or (upright and below)


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
        min(one.ordinal, other.ordinal),
    )


def is_within(inner: Box, outer: Box) -> bool:
    """Whether the middle of one box is in another."""
    return outer.left <= (inner.left + inner.right) / 2 <= outer.right and outer.top <= _middle(inner) <= outer.bottom


def is_part(inner: Box, outer: Box) -> bool:
    """Whether one box does not reach out of another."""
    left, top = outer.left - inner.left, outer.top - inner.top
    return max(left, top, inner.right - outer.right, inner.bottom - outer.bottom) <= _NEAR


def is_under(picture: Box, words: Sequence[Box]) -> bool:
    """Whether words stand all over it: those of a scan that was recognised before, or of a page with a background."""
    covered, reached = 0.0, picture.top
    for box in sorted((one for one in words if is_within(one, picture)), key=lambda one: one.top):
        covered += max(0.0, box.bottom - max(box.top, reached))
        reached = max(reached, box.bottom)
    return covered >= _UNDER * picture.height


def in_reading_order(parts: Sequence[Part], pictures: Sequence[Part]) -> list[Part]:
    """Parts in the order in which they are read, each picture after what stands above it; else before what is below."""
    ordered = list(parts)
    for picture in pictures:
        ordered.insert(_place(picture.box, ordered), picture)
    return ordered


def _place(box: Box, parts: Sequence[Part]) -> int:
    over = [
        (_middle(part.box), at) for at, part in enumerate(parts) if part.box.left < box.right and box.left < part.box.right
    ]
    above = max((one for one in over if one[0] < _middle(box)), default=None)
    if above is not None:
        return above[1] + 1
    return min((at for _, at in over), default=len(parts))


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2
