"""Plain text, Markdown, and tables with separated values: what is written is what is kept."""

import csv
import io
import re
from collections.abc import Iterator

from kyozon.domain.knowledge import Heading, Parsed
from kyozon.parsing import refusals
from kyozon.parsing.articles import article_headings
from kyozon.parsing.building import Building

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r"^ {0,3}(#{1,6})[ \t　]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_DIVIDER = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_SEPARATORS = ",\t;|"


def parse_text(text: str, title: str) -> Parsed:
    """Text without any marks; numbered articles are its headings."""
    building = Building()
    building.block(text)
    building.mark(article_headings(building.text))
    return building.parsed(title)


def parse_markdown(text: str, title: str) -> Parsed:
    """Markdown in its own characters. Its title is its first heading, if that is of the highest level."""
    building = Building()
    building.block(text)
    headings, tables = _structure(building.text)
    building.mark(headings or article_headings(building.text), tables)
    first = headings[0].title if headings and headings[0].level == 1 else title
    return building.parsed(first)


def parse_separated(text: str, title: str, separator: str | None = None) -> Parsed:
    """CSV or TSV as one table.

    Raises:
        InvalidFile: a field is longer than any should be.
    """
    building = Building()
    first = text.lstrip().partition("\n")[0]
    try:
        building.table(csv.reader(io.StringIO(text), delimiter=separator or max(_SEPARATORS, key=first.count)))
    except csv.Error as error:
        raise refusals.broken(refusals.NO_ROWS) from error
    return building.parsed(title)


def _structure(text: str) -> tuple[list[Heading], list[tuple[int, int]]]:
    headings: list[Heading] = []
    tables: list[tuple[int, int]] = []
    before = ("", 0)
    for line, start, table in _lines_outside_code(text):
        if (hashes := _HASHES.match(line)) and hashes[2]:
            headings.append(Heading(start, len(hashes[1]), hashes[2]))
        elif _UNDERLINE.match(line) and before[0].strip() and "|" not in before[0]:
            headings.append(Heading(before[1], 1 if "=" in line else 2, before[0].strip()))
        elif table and tables and tables[-1][1] == start:
            tables[-1] = (tables[-1][0], start + len(line) + 1)
        elif "|" in line and _DIVIDER.match(line) and "|" in before[0]:
            tables.append((before[1], start + len(line) + 1))
        before = (line, start)
    return headings, [(start, min(end, len(text))) for start, end in tables]


def _lines_outside_code(text: str) -> Iterator[tuple[str, int, bool]]:
    """Line, where it begins, whether it may be a row."""
    fence, start = "", 0
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1][:3]
        elif found and found[1].startswith(fence):
            fence = ""
        elif not fence:
            yield line, start, "|" in line
        start += len(line) + 1
