"""Short texts with personal data and secrets in them, and texts that only look as if: every one is invented.

`⟦TYPE:value⟧` marks what is to be found; `\\n` stands for a new line. The rules are right about `personal.txt`, and mostly
about `people.txt`: names and dates of birth, rare and common, drawn by lot into letters, forms and tables, and look-alikes.
"""

import re
from pathlib import Path
from typing import NamedTuple

_MARKED = re.compile(r"⟦(\w+):(.*?)⟧", re.DOTALL)


class Sample(NamedTuple):
    """A text, and what is to be found in it."""

    text: str
    spans: list[tuple[int, int, str]]


def sample(line: str) -> Sample:
    """The text of a marked line."""
    line, text, spans, at = line.replace("\\n", "\n"), "", [], 0
    for found in _MARKED.finditer(line):
        text += line[at : found.start()]
        spans.append((len(text), len(text) + len(found[2]), found[1]))
        text, at = text + found[2], found.end()
    return Sample(text + line[at:], spans)


def samples(file: str = "personal") -> list[Sample]:
    """All of one file."""
    return [sample(line) for line in Path(__file__).with_name(f"{file}.txt").read_text("utf-8").splitlines()]
