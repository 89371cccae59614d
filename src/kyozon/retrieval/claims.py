"""The single claims of a text: its sentences, items of lists and rows of tables, each with where it stands.

What a document is split at (`retrieval.sentences`) tiles a text; here a claim stands alone, without white space around it,
and lines that a page has wrapped are one.
"""

import re
import unicodedata
from collections.abc import Iterator

Span = tuple[int, int]
"""From a first character up to, and without, another one."""

_ENDS = "。．！？!?"
_CLOSES = "」』）)】］]\"'”’"
_ITEM = re.compile(r"\s*(?:[-*•・◦▪■□●○◆◇※]|#{1,6}\s|[(（]?\d{1,3}[.)）．、]|[①-⑳]|第\s*\d+\s*[条章節項]|\|)")
_ABBREVIATED = re.compile(r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|No|Fig|vs|etc|e\.g|i\.e|cf|approx|St|Inc|Ltd|Co|Art|Sec))\.$")
_WRAPPED_AT = 0.75
_NARROWEST = 24


def claims(text: str) -> list[Span]:
    """Every claim, in order.

    A line ends a claim unless it was broken by the width of a page: it is about as long as the longest, has no full
    stop, and what follows begins no item of a list.
    """
    found: list[Span] = []
    for start, end in _blocks(text):
        found += _within(text, start, end)
    return found


def whole(text: str) -> int:
    """Up to where a text that still grows has whole claims: behind the last of them that has surely ended."""
    found = claims(text)
    if not found:
        return 0
    start, end = found[-1]
    closed = (
        "\n" in text[end:]
        or (text[end - 1] in "。！？" and end < len(text))
        or (end < len(text) and text[end - 1] in ".!?")
    )
    return end if closed else start


def ended(claim: str) -> bool:
    """Whether a claim has its full stop or the like, so that nobody was cut off in it."""
    return claim.rstrip().endswith((*_ENDS, *_CLOSES, "|"))


def is_row(line: str) -> bool:
    """Whether a line is a row of a table: its cells are parted by ` | `."""
    said = line.strip()
    return " | " in said or (said.startswith("|") and said.endswith("|"))


def _blocks(text: str) -> Iterator[Span]:
    """Lines, with those that a page has wrapped joined."""
    lines = list(_lines(text))
    widest = max((_width(text[start:end]) for start, end in lines), default=0)
    begun: int | None = None
    for place, (start, end) in enumerate(lines):
        begun = start if begun is None else begun
        following = text[slice(*lines[place + 1])] if place + 1 < len(lines) else ""
        if not _goes_on(text[start:end], following, widest):
            yield begun, end
            begun = None


def _lines(text: str) -> Iterator[Span]:
    at = 0
    for line in text.splitlines(keepends=True):
        yield at, at + len(line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        at += len(line)


def _goes_on(line: str, following: str, widest: int) -> bool:
    said, after = line.rstrip(), following.strip()
    if not said or not after or said[-1] in _ENDS + "：:|" or said.startswith(("#", "|")) or _ITEM.match(following):
        return False
    if is_row(line) or is_row(following):
        return False
    return _width(line) >= max(_NARROWEST, _WRAPPED_AT * widest)


def _width(line: str) -> int:
    """In columns: characters of East Asian scripts take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line.strip())


def _within(text: str, start: int, end: int) -> Iterator[Span]:
    begun, at = start, start
    while at < end:
        at += 1
        if not _ended(text, begun, at, end):
            continue
        while at < end and text[at] in _CLOSES + _ENDS:
            at += 1
        yield from _trimmed(text, begun, at)
        begun = at
    yield from _trimmed(text, begun, end)


def _ended(text: str, begun: int, at: int, end: int) -> bool:
    """Whether a claim ends with the character before `at`."""
    last, after = text[at - 1], text[at : at + 1]
    closed = bool(after) and after in _CLOSES and (at + 1 >= end or text[at + 1].isspace())
    if last in "。．！？":
        return not (last == "．" and after.isdigit())
    if last in "!?":
        return at == end or after.isspace() or closed or not after.isascii()
    if last != ".":
        return False
    return (at == end or after.isspace() or closed) and not _ABBREVIATED.search(text[max(begun, at - 8) : at])


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    said = text[start:end]
    first = start + len(said) - len(said.lstrip())
    last = start + len(said.rstrip())
    if last > first:
        yield first, last
