"""Where a text may be cut: paragraphs, sentences and items of lists, lines, clauses, and at last between two characters.

Every function tiles its span: the pieces follow each other without a gap, and whitespace belongs to the piece before it.
Each takes time in proportion to its span, whatever stands there: a run of marks is looked through from its beginning only.
Patterns begin with a mark, not with a look behind it: the regular expressions of Python skip to such a beginning.
"""

import re
import unicodedata

Span = tuple[int, int]

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_MARKER = r"(?:[-*+•●○◆◇■□▪・※]|[(（]?(?:\d{1,3}|[０-９]{1,3}|[一二三四五六七八九十]{1,3}|[ア-ン]|[a-z])[)）.．、]|[①-⑳])"
_ITEM = re.compile(rf"\n(?<!\n\n)\n*+(?=[^\S\n]*{_MARKER}[^\S\n]*\S)")
# After a closing bracket a sentence may go on: 「はい。」と答えた.
_JAPANESE = re.compile(
    r"[。！？．](?<![。！？．]{2})(?!(?<=．)[０-９\d])(?:[。！？]|．(?![０-９\d]))*+"
    r"(?:[」』）)】〉》〕”’\"']+(?![ぁ-ん、]))?\s*+(?![」』）)】〉》〕、])"
)
# "e.g.", "No.", "J. Smith" and "3.5" end nothing.
_ENGLISH = re.compile(
    r"[.!?](?<![.!?]{2})(?:[.!?]++|(?<!\b[A-Za-z].)(?<!\bMr.)(?<!\bMs.)(?<!\bDr.)(?<!\bNo.)(?<!\bMrs.)(?<!\bFig.))"
    r"[\"'”’)\]]*+\s++(?=[^\sa-z])"
)
_LINE = re.compile(r"\n+")
_CLAUSE = re.compile(r"[、，,;；:：]\s*|\s+")


def paragraphs(text: str, start: int, end: int) -> list[Span]:
    """Parted by blank lines."""
    return _cut_after(text, start, end, _PARAGRAPH)


def sentences(text: str, start: int, end: int) -> list[Span]:
    """Sentences, Japanese and English, and the items of lists."""
    return _cut_after(text, start, end, _JAPANESE, _ENGLISH, _ITEM)


def lines(text: str, start: int, end: int) -> list[Span]:
    """Lines, with the empty ones after them."""
    return _cut_after(text, start, end, _LINE)


def clauses(text: str, start: int, end: int) -> list[Span]:
    """Parted by commas, colons and spaces."""
    return _cut_after(text, start, end, _CLAUSE)


def runs(text: str, start: int, end: int, length: int) -> list[Span]:
    """So many characters each; a mark that combines with the character before it stays with it."""
    cuts = set()
    for wished in range(start + length, end, length):
        at = wished
        while at < end and unicodedata.category(text[at]) in ("Mn", "Mc", "Me", "Cf"):
            at += 1
        cuts.add(at)
    return _between(start, end, cuts)


def _cut_after(text: str, start: int, end: int, *patterns: re.Pattern[str]) -> list[Span]:
    return _between(start, end, {found.end() for pattern in patterns for found in pattern.finditer(text, start, end)})


def _between(start: int, end: int, cuts: set[int]) -> list[Span]:
    inner = sorted(cut for cut in cuts if start < cut < end)
    return list(zip([start, *inner], [*inner, end], strict=True))
