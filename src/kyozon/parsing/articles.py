"""Headings that Japanese rules, contracts and laws carry in their words: 第1章 総則, 第12条の2（年次有給休暇）."""

import re
from collections.abc import Iterator

from kyozon.domain.knowledge import Heading

_NUMBER = r"[0-9０-９一二三四五六七八九十百千]{1,6}"
_ARTICLE = re.compile(
    rf"^[ \t　]*(?P<title>第{_NUMBER}(?P<kind>[編章節款条])(?:の{_NUMBER})*"
    r"(?:[ \t　]*[（(][^（）()\n]{1,40}[）)](?![のにをはがとで、])|(?=[ \t　]*$)"
    r"|(?=[ \t　]+\S)(?:[ \t　]+[^\n。、]{1,30}$)?))",
    re.MULTILINE,
)
_LEVELS = {"編": 1, "章": 2, "節": 3, "款": 4, "条": 5}
_FEWEST = 2  # One alone is more likely to be a mention.


def article_headings(text: str) -> tuple[Heading, ...]:
    """The headings that stand at the beginnings of lines; none where there is only one."""
    found = tuple(_found(text))
    return found if len(found) >= _FEWEST else ()


def _found(text: str) -> Iterator[Heading]:
    for match in _ARTICLE.finditer(text):
        title = " ".join(match["title"].split())
        yield Heading(match.start("title"), _LEVELS[match["kind"]], title)
