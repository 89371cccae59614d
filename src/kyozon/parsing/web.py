"""HTML: the words that a browser would show. Nothing that a page refers to is fetched, and no script is run."""

import re
from html.parser import HTMLParser

from kyozon.domain.knowledge import Parsed
from kyozon.parsing.building import Building

# Of a furigana reading (rt) the base stays: a word is searched as it is written.
_SKIPPED = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "select", "rt", "rp"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "fieldset"}
    | {"figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section"}
    | {"summary", "table", "td", "th", "tr", "ul"}
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_HEADING = re.compile(r"h[1-6]")
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANK = re.compile(r"\s+")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.building = Building()
        self.title = ""
        self._words: list[str] = []
        self._open: list[str] = []
        self._skipped: tuple[str, int] | None = None
        self._rows: list[list[str]] | None = None
        self._tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped is not None:
            if tag == self._skipped[0]:
                self._skipped = (tag, self._skipped[1] + 1)
        elif tag not in _VOID and (tag in _SKIPPED or _hidden(dict(attrs))):
            self._skipped = (tag, 1)
        else:
            self._started(tag)

    def _started(self, tag: str) -> None:
        if tag == "br":
            self._words.append("\n")
        elif tag == "table":
            self._tables += 1
            if self._tables == 1:
                self._flush()
                self._rows = []
        elif self._rows is not None:
            self._in_table(tag)
        elif tag in _BLOCKS or _HEADING.fullmatch(tag) or tag == "title":
            self._flush()
            if tag == "li":
                self._words.append("- ")
        if tag in ("pre", "title") or _HEADING.fullmatch(tag):
            self._open.append(tag)

    def _in_table(self, tag: str) -> None:
        assert self._rows is not None  # noqa: S101 - whoever calls has looked
        if self._tables > 1:  # A table in a cell is a part of the cell's words.
            self._words.append(" ")
        elif tag == "tr":
            self._cell()
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell()
            if not self._rows:
                self._rows.append([])
            self._rows[-1].append("")
        elif tag in _BLOCKS:
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped is not None:
            if tag == self._skipped[0]:
                left = self._skipped[1] - 1
                self._skipped = (tag, left) if left else None
            return
        if tag == "table" and self._tables:
            self._tables -= 1
            if not self._tables and self._rows is not None:
                self._cell()
                self.building.table(self._rows)
                self._rows = None
        elif self._open and self._open[-1] == tag:
            self._closed(tag)
        elif tag in _BLOCKS and self._rows is None:
            self._flush()

    def _closed(self, tag: str) -> None:
        words = "".join(self._words)
        if tag == "title":
            self._words.clear()
            self.title = self.title or words
        elif tag != "pre" and self._rows is None:
            self._words.clear()
            self.building.heading(words, int(tag[1]))
        else:
            self._flush()
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._skipped is None:
            self._words.append(data if "pre" in self._open else _BLANK.sub(" ", data))

    def close(self) -> None:
        super().close()
        if self._rows is not None:
            self._cell()
            self.building.table(self._rows)
            self._rows = None
        self._flush()

    def _cell(self) -> None:
        words = "".join(self._words)
        self._words.clear()
        if not words.strip():
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] += words
        else:
            self.building.block(words)  # Words of a table that stand in no cell.

    def _flush(self) -> None:
        if self._rows is not None:
            return
        words = "".join(self._words)
        self._words.clear()
        if words.strip(" \n-"):
            item = words.startswith("- ")
            self.building.block("\n".join(line.strip() for line in words.strip().split("\n")), "\n" if item else "\n\n")


def _hidden(attributes: dict[str, str | None]) -> bool:
    return "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style") or ""))


def parse_page(text: str, title: str) -> Parsed:
    """A page; its title is its own, else `title`."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.building.parsed(page.title or title)


def words_of_page(text: str) -> str:
    """The words alone, for a page that is a part of something else."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.building.text
