"""The lines of a page, whatever it was read from; a table is one of them."""

from msgspec import Struct


class Line(Struct, frozen=True):
    """Words on one line, in any unit from the left; `height` is that of its letters. `upright` is vertical writing.

    Where there are `rows` it is a whole table: their cells, the head first; or without it, where the table `continues` the
    last one on the page before.
    """

    words: str
    left: float
    right: float
    height: float
    upright: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    continues: bool = False
