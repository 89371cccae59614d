"""Joins the lines that a page has wrapped: a word that goes on in the next line is one word, also for who searches it."""

import re
from collections.abc import Sequence
from itertools import pairwise

from kyozon.parsing.lines import Line

_ENDS = re.compile(r"[。．.！？!?:：]\s*$")
_NUMBER = r"(?:\d{1,3}|[０-９]{1,3}|[一二三四五六七八九十]{1,3}|[ア-ン]|[a-z])"
_BEGINS = re.compile(rf"[　\s]|[-•●○◆■□▪・※*①-⑳]|[(（]?{_NUMBER}[)）.．、]|第[0-9０-９一二三四五六七八九十百]+[編章節款条]")
_LATIN = re.compile(r"[A-Za-z]")
_UNSPACED = re.compile(r"[ぁ-ヿ㐀-鿿]")
_ALIGNED = 2.5  # heights: lines whose left ends are so close belong to one column
_FULL = 2.0  # heights that a wrapped line may end before the edge
_WIDE = 0.3  # of the page's words a column has at least
_INDENT = 0.8
_SAME = 0.1
_LETTERS = 1.3  # so much wider than usual letters and blanks are at most, in lines that end evenly


def unwrapped(lines: Sequence[Line]) -> list[Line]:
    """Lines as they were written; of those that were joined, the first lends its place and height."""
    if not lines:
        return []
    width = max(line.right for line in lines) - min(line.left for line in lines)
    edges = _edges(lines)
    joined = [lines[0]]
    for (line, edge), after in zip(zip(lines, edges, strict=True), lines[1:], strict=False):
        full = line.right >= edge - _FULL * line.height and edge - line.left >= _WIDE * width and not _has_gaps(line)
        if (line.upright or full) and not line.whole and not after.whole and _goes_on(line, after):
            first = joined[-1]
            joined[-1] = Line(together(first.words, after.words), first.left, first.right, first.height, first.upright)
        else:
            joined.append(after)
    return joined


def _edges(lines: Sequence[Line]) -> list[float]:
    """For each line how far to the right the lines of its column go."""
    runs: list[list[Line]] = [[lines[0]]]
    for before, line in pairwise(lines):
        if not line.whole and abs(line.left - before.left) <= _ALIGNED * max(line.height, 1.0):
            runs[-1].append(line)
        else:
            runs.append([line])
    return [max(one.right for one in run) for run in runs for _ in run]


def _has_gaps(line: Line) -> bool:
    """Whether the words are much narrower than the line: cells of a table."""
    wide = sum(1.0 if character > "\u02ff" else 0.45 for character in line.words) * line.height
    return wide * _LETTERS < line.right - line.left


def _goes_on(line: Line, after: Line) -> bool:
    if _ENDS.search(line.words) or _BEGINS.match(after.words) or line.upright is not after.upright:
        return False
    indented = not line.upright and after.left - line.left >= _INDENT * line.height
    return not indented and abs(line.height - after.height) <= _SAME * line.height


def together(words: str, more: str) -> str:
    """A line and the one that it goes on in, as one."""
    if words.endswith(("\x02", "\ufffe")):
        return words[:-1] + more
    ends = words[-1:] + more[:1]
    parted = ends.isascii() and not words.endswith("-") and (_LATIN.search(ends) or not _is_japanese(words + more))
    return words + (" " if parted else "") + more


def _is_japanese(words: str) -> bool:
    """Whether most of the letters are those of a script without spaces, in which a number may be cut by the line's end."""
    return len(_UNSPACED.findall(words)) > len(_LATIN.findall(words))
