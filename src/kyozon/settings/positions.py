"""Where each key of a TOML document stands. `tomllib` reads the values but tells no lines; this reads the lines."""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]
"""Keys from the root; the elements of arrays, and of arrays of tables, are numbered from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
# A multi-line string may end in up to two quotes of its own before the three that close it.
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?""""{0,2}|\'\'\'.*?\'\'\'\'{0,2}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^,\]}#\r\n]+''', re.DOTALL
)


def positions(text: str) -> dict[Path, int]:
    """The line (from 1) where each key and array element begins.

    `text` must be a document that `tomllib` accepts: what stands here follows the grammar without checking it again.
    """
    return _Scanner(text).read()


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of `path`, or of the nearest table around it that is written down; None where nothing is."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[Path, int] = {}
        self._lines: dict[Path, int] = {}

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            table = self._header() if self._sees("[") else self._pair(table)
            self._take(_BLANK)
        return self._lines

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`; the table that the following pairs belong to."""
        line = self._line()
        closing = "]]" if self._sees("[[") else "]"
        self._at += len(closing)
        keys = self._keys()
        self._at = self._text.index(closing, self._at) + len(closing)
        path: Path = ()
        for key in keys[:-1]:
            path = self._last_element((*path, key), line)
        path = (*path, keys[-1])
        if closing == "]":
            self._lines[path] = line
            return path
        self._lines.setdefault(path, line)
        self._tables[path] = self._tables.get(path, -1) + 1
        path = (*path, self._tables[path])
        self._lines[path] = line
        return path

    def _last_element(self, path: Path, line: int) -> Path:
        """A table that a header passes through: of an array of tables the last one is meant."""
        self._lines.setdefault(path, line)
        return (*path, self._tables[path]) if path in self._tables else path

    def _pair(self, table: Path) -> Path:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._at = self._text.index("=", self._at) + 1
        self._take(_BLANK)
        self._value(path)
        return table

    def _value(self, path: Path) -> None:
        if self._sees("["):
            self._inside("]", path, numbered=True)
        elif self._sees("{"):
            self._inside("}", path, numbered=False)
        else:
            self._take(_SCALAR)

    def _inside(self, end: str, path: Path, *, numbered: bool) -> None:
        """The elements of an array or the pairs of an inline table."""
        self._at += 1
        count = 0
        self._skip_commas()
        while not self._sees(end):
            if numbered:
                self._lines[(*path, count)] = self._line()
                self._value((*path, count))
                count += 1
            else:
                self._pair(path)
            self._skip_commas()
        self._at += 1

    def _skip_commas(self) -> None:
        self._take(_BLANK)
        while self._sees(","):
            self._at += 1
            self._take(_BLANK)

    def _keys(self) -> list[str]:
        self._take(_BLANK)
        keys = [self._key()]
        while self._take(_DOT):
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        raw = self._take(_KEY)
        return str(tomllib.loads(f"key = {raw}")["key"]) if raw[0] in "\"'" else raw

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _line(self) -> int:
        return bisect_right(self._newlines, self._at) + 1
