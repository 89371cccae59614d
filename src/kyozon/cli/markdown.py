"""Markdown for reports: what records hold stays text there, whatever it looks like."""

from collections.abc import Iterable, Sequence
from datetime import datetime

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|"} | {"\n": " ", "\r": " "})


def plain(value: object) -> str:
    """A cell or phrase; nothing in it is read as Markdown or HTML."""
    return "-" if value is None or value == "" else str(value).translate(_SPECIAL)


def moment(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; every cell is made `plain`."""
    lines = [list(heads), ["---"] * len(heads), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(parts: Iterable[str]) -> str:
    """The parts, an empty line between them."""
    return "\n\n".join(parts) + "\n"
