"""The pages that a newcomer follows, cut into their fenced blocks."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import Struct

import kyozon.cli

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)$")
_COMMENT = re.compile(r"^<!-- (.+?) -->$")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Block(Struct, frozen=True):
    """One fenced block. `mark` is the HTML comment on the line above it, empty where there is none."""

    language: str
    text: str
    line: int
    mark: str = ""

    @property
    def not_run(self) -> bool:
        """Whether the page says, with a reason, that the block cannot run here."""
        return self.mark.startswith("not run: ")


def followed_pages() -> list[Path]:
    """READMEs, tutorials and how-to guides."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs" / "tutorials").glob("*.md")), *_how_to()]


def _how_to() -> list[Path]:
    return sorted((ROOT / "docs" / "how-to").glob("*.md"))


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page in order; raises `ValueError` where one is not closed."""
    lines = text.splitlines()
    opened, language = None, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened, language = number, fence[1]
            continue
        above = _COMMENT.match(lines[opened - 1]) if opened else None
        yield Block(language, "\n".join(lines[opened + 1 : number]) + "\n", opened + 1, above[1] if above else "")
        opened = None
    if opened is not None:
        raise ValueError(f"the block that begins in line {opened + 1} is not closed")


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command of a shell script, without assignments before it and files it writes to."""
    for line in script.replace("\\\n", " ").splitlines():
        reader = shlex.shlex(line, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        words: list[str] = []
        found = iter([*reader, ";"])
        for word in found:
            if word in (">", ">>"):
                next(found)
            elif set(word) <= set("|&;()"):
                if words:
                    yield words
                words = []
            elif words or not _ASSIGNMENT.match(word):
                words.append(word)


def check_command(words: list[str]) -> None:
    """Raises `click.UsageError` where `kyozon WORDS` names no command, or an option or value that it does not take."""
    command: click.Command = kyozon.cli.main
    context = click.Context(command, info_name="kyozon")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        if found is None:
            raise click.UsageError(f"no command {name}")
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_context(str(context.info_name), list(words))
