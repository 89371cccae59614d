"""Writes TOML in any of the styles the language allows, and knows the line of every key it wrote."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kyozon.settings.positions import Path

Choose = Callable[[list[str]], str]


class TomlWriter:
    """`choose` picks among styles; `lines` is what a reader of positions should find."""

    def __init__(self, choose: Choose) -> None:
        self.text = ""
        self.lines: dict[Path, int] = {}
        self._choose = choose

    def table(self, path: Path, content: Mapping[str, Any], header: tuple[str, ...] = ()) -> None:
        """The pairs of a table, then the tables within it under headers of their own."""
        later = []
        for key, value in content.items():
            if _is_tables(value) and self._choose(["inline", "headed"]) == "headed":
                later.append((key, value))
            else:
                self._pair(path, (key,), value)
        for key, value in later:
            names = (*header, key)
            if isinstance(value, dict):
                self._header("[", "]", (*path, key), names)
                self.table((*path, key), value, names)
                continue
            for place, element in enumerate(value):
                self._header("[[", "]]", (*path, key), names)
                self.lines[(*path, key, place)] = self._line - 1
                self.table((*path, key, place), element, names)

    @property
    def _line(self) -> int:
        return self.text.count("\n") + 1

    def _header(self, opening: str, closing: str, path: Path, names: tuple[str, ...]) -> None:
        self.text += self._choose(["", "\n", "# [x]\n", '  # "\n'])
        self.lines.setdefault(path, self._line)
        self.text += opening + self._space() + self._dotted(names) + self._space() + closing + "\n"

    def _pair(self, path: Path, keys: tuple[str, ...], value: Any) -> None:
        if isinstance(value, dict) and value and self._choose(["inline", "dotted"]) == "dotted":
            for key, inner in value.items():
                self._pair(path, (*keys, key), inner)
            return
        for length in range(1, len(keys) + 1):
            self.lines.setdefault((*path, *keys[:length]), self._line)
        self.text += f"{self._dotted(keys)}{self._space()}={self._space()}"
        self._value((*path, *keys), value)
        self.text += self._choose(["\n", " # c = 1\n", "\n\n"])

    def _value(self, path: Path, value: Any) -> None:
        if isinstance(value, list):
            self._array(path, value)
        elif isinstance(value, dict):
            self._inline(path, value)
        elif isinstance(value, str):
            self.text += self._string(value)
        elif isinstance(value, bool):
            self.text += str(value).lower()
        else:
            self.text += str(value)

    def _array(self, path: Path, elements: list[Any]) -> None:
        self.text += "["
        for place, element in enumerate(elements):
            self.text += self._choose(["", "\n", " # ]\n  "])
            self.lines[(*path, place)] = self._line
            self._value((*path, place), element)
            self.text += self._choose(["", "\n"]) + ","
        self.text += self._choose(["", "\n"]) + "]"

    def _inline(self, path: Path, content: Mapping[str, Any]) -> None:
        self.text += "{"
        for place, (key, value) in enumerate(content.items()):
            self.text += ", " if place else " "
            self.lines[(*path, key)] = self._line
            self.text += f"{self._key(key)} = "
            self._value((*path, key), value)
        self.text += "}"

    def _string(self, value: str) -> str:
        basic = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        styles = {"basic": basic, "long": f'"""\n{basic[1:-1]}"""', "folded": f'"""{basic[1:-1]}\\\n   """'}
        if "'" not in value and value.isprintable():
            styles |= {"literal": f"'{value}'", "long literal": f"'''\n{value}'''"}
        return styles[self._choose(list(styles))]

    def _dotted(self, names: tuple[str, ...]) -> str:
        return f"{self._space()}.{self._space()}".join(self._key(name) for name in names)

    def _key(self, name: str) -> str:
        bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
        return name if bare and self._choose(["bare", "quoted"]) == "bare" else json.dumps(name, ensure_ascii=False)

    def _space(self) -> str:
        return self._choose(["", " ", "\t "])


def _is_tables(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)
    )
