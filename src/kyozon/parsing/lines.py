"""The lines of a page, whatever it was read from; a table is one of them, and so is a picture."""

from collections.abc import Sequence

from msgspec import Struct

from kyozon.parsing.columns import Box


class Line(Struct, frozen=True):
    """Words on one line, in any unit from the left; `height` is that of its letters. `upright` is vertical writing.

    Where there are `rows` it is a whole table: their cells, the head first; or without it, where the table `continues` the
    last one on the page before. Where there is a `scan` it is a picture: the lines that were read on it.
    """

    words: str
    left: float
    right: float
    height: float
    upright: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    continues: bool = False
    scan: tuple["Line", ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it is a table or a picture, which no other line goes on in."""
        return bool(self.rows or self.scan)


class Part(Struct, frozen=True):
    """What stands by itself on a page, and where: a line, a table after what stands over its whole width, a picture."""

    box: Box
    lines: Sequence[Line]


def as_picture(lines: Sequence[Line], left: float, right: float) -> Line:
    """What was read on a picture, as one line of its page."""
    return Line("\n".join(line.words for line in lines), left, right, 0.0, scan=tuple(lines))
