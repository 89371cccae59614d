"""The order in which boxes of words on a page are read, where they stand in two columns."""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct


class Box(Struct, frozen=True):
    """Where words stand: distances from the left and from the top edge of the page, in any unit; and which they are."""

    left: float
    top: float
    right: float
    bottom: float
    ordinal: int

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


_FEWEST = 4  # lines in a column
_STEPS = 60
_CROSSING = 0.25  # of all boxes: titles, and footnotes over both columns
_FULL = 0.55  # of a column's width that its lines fill: cells of tables do not


def in_two_columns(boxes: Sequence[Box]) -> list[Box] | None:
    """The boxes in reading order, if they stand in two columns of running text; None if they do not."""
    left, right = min((box.left for box in boxes), default=0.0), max((box.right for box in boxes), default=0.0)
    cuts = (left + (right - left) * step / _STEPS for step in range(_STEPS // 3, 2 * _STEPS // 3 + 1))
    fitting = [(crossing, cut) for cut in cuts if (crossing := _crossing(boxes, cut)) is not None]
    if not fitting:
        return None
    _, cut = min(fitting, key=lambda found: (found[0], abs(found[1] - (left + right) / 2)))
    return _ordered(boxes, cut)


def rows(boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes that stand beside each other, from the top; in a row from the left."""
    found: list[list[Box]] = []
    for box in sorted(boxes, key=lambda one: (one.top + one.bottom, one.left)):
        middle = (box.top + box.bottom) / 2
        if found and found[-1][0].top <= middle <= found[-1][0].bottom:
            found[-1].append(box)
        else:
            found.append([box])
    return [sorted(row, key=lambda one: one.left) for row in found]


def _crossing(boxes: Sequence[Box], cut: float) -> int | None:
    """How many boxes stand across the cut; None if it parts no two columns."""
    sides = [box for box in boxes if box.right <= cut], [box for box in boxes if box.left >= cut]
    crossing = len(boxes) - len(sides[0]) - len(sides[1])
    if crossing > _CROSSING * len(boxes) or not all(_is_column(side) for side in sides):
        return None
    return crossing


def _is_column(boxes: list[Box]) -> bool:
    if len(boxes) < _FEWEST:
        return False
    width = max(box.right for box in boxes) - min(box.left for box in boxes)
    return median(box.right - box.left for box in boxes) >= _FULL * width > 0


def _ordered(boxes: Sequence[Box], cut: float) -> list[Box]:
    """Bands between what stands across both columns: in each the left column, then the right one."""
    across = sorted((box for box in boxes if box.left < cut < box.right), key=lambda box: box.top)
    order: list[Box] = []
    rest = [box for box in boxes if not box.left < cut < box.right]
    for wide in [*across, None]:
        band = [box for box in rest if wide is None or box.top < wide.top]
        rest = [box for box in rest if box not in band]
        for side in (True, False):
            order += [one for row in rows([box for box in band if (box.right <= cut) is side]) for one in row]
        order += [wide] if wide is not None else []
    return order
