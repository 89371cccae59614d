"""Help pages whose columns stand straight where words are Japanese: one such letter takes two cells of the terminal."""

import re
from collections.abc import Iterable
from textwrap import indent

import click
from rich.cells import cell_len

from kyozon.cli.speech import say

_VALUES = {
    "BOOLEAN": "真偽値",
    "DIR": "フォルダー",
    "DIRECTORY": "フォルダー",
    "FILE": "ファイル",
    "FILENAME": "ファイル",
    "FLOAT": "数値",
    "FLOAT RANGE": "数値",
    "INTEGER": "整数",
    "INTEGER RANGE": "整数",
    "PATH": "パス",
    "SECONDS": "秒数",
    "TEXT": "文字列",
}
"""What an option takes, in Japanese. Names of arguments stay, since sentences speak of them."""
_OPTION = re.compile(r"((?:-\S+ )+)([^-/].*)")


class StraightColumns(click.HelpFormatter):
    """click's pages; their two columns are measured by the cells that they take, not by their letters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        called = args.replace("[OPTIONS]", say("[OPTIONS]", "[オプション]"))
        super().write_usage(prog, called.replace("COMMAND [ARGS]", say("COMMAND [ARGS]", "コマンド [引数]")), prefix)

    def write_heading(self, heading: str) -> None:
        """Write a heading with the colon of its language."""
        self.write(f"{' ' * self.current_indent}{say(f'{heading}:', f'{heading}：')}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands with what each does; a first column wider than `col_max` cells has its own line."""
        rows = [(_valued(first), second) for first, second in rows]
        beside = min(max((cell_len(first) for first, _ in rows), default=0), col_max) + col_spacing
        margin = " " * self.current_indent
        for first, second in rows:
            words = click.wrap_text(second, max(self.width - beside - 2, 10), preserve_paragraphs=True)
            below = indent(words, margin + " " * beside)
            if not words:
                self.write(f"{margin}{first}\n")
            elif cell_len(first) > beside - col_spacing:
                self.write(f"{margin}{first}\n{below}\n")
            else:
                self.write(f"{margin}{first}{below[len(margin) + cell_len(first) :]}\n")


def _valued(option: str) -> str:
    """An option with what it takes in words; everything else as it is."""
    found = _OPTION.fullmatch(option)
    if found is None:
        return option
    names, value = found.groups()
    return f"{names}{say(value, _VALUES.get(value, value))}"
