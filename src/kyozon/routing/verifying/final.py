"""Finds the final answer in a model's words, and tells whether two final answers are the same."""

import re
import unicodedata

from msgspec import DecodeError, Struct
from msgspec.json import decode

MARKS = ("field", "mark", "box", "letter", "said", "number", "line")
NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(?:\.\d{1,18})?")

_FIELD = re.compile(r"\"answer\"\s*:\s*(\"(?:[^\"\\]|\\.)*\"|[^,}\n]+)", re.DOTALL)
_MARKED = (
    ("mark", re.compile(r"####\s*([^\n]+)")),
    ("box", re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")),
    (
        "letter",
        re.compile(
            r"(?:answer|choice|option|答え|正解|回答)\s*(?:is|are|は|:|：)*\s*\**\s*[(（]?([A-Pア-オ])\b", re.IGNORECASE
        ),
    ),
    ("said", re.compile(r"(?:answer|答え|結論|result)\s*(?:is|は|:|：)\s*([^\n]{1,200})", re.IGNORECASE)),
)
_TAIL = 4000
_SHORT = 40
_NEAR = 1e-6
_STRUCTURES = ("[", "{", "(", "'", '"')
_DRESS = re.compile(r"\s+")


class Final(Struct, frozen=True):
    """The final answer as text, and how it was marked (one of `MARKS`)."""

    text: str
    marked: str


def final_answer(answer: str) -> Final:
    """The last marked answer; without a mark the last number, without one the last line."""
    tail = answer[-_TAIL:]
    fields = _FIELD.findall(tail)
    if fields:
        return Final(_unquoted(fields[-1]), "field")
    for marked, pattern in _MARKED:
        found = pattern.findall(tail)
        if found:
            return Final(found[-1].strip(), marked)
    numbers = NUMBER.findall(tail)
    if numbers:
        return Final(numbers[-1], "number")
    lines = tail.strip().splitlines()
    return Final(lines[-1].strip()[:200] if lines else "", "line")


def numbers_in(text: str) -> list[float]:
    """All numbers of a text, in order."""
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def number_in(text: str) -> float | None:
    """The last number of a text, None without one."""
    found = numbers_in(unicodedata.normalize("NFKC", text[-_TAIL:]))
    return found[-1] if found else None


def agree(left: Final, right: Final) -> bool:
    """Whether two final answers say the same: as numbers where each is short and holds one alone, else as text."""
    one, two = _plain(left.text), _plain(right.text)
    if one == two:
        return bool(one)
    if max(len(one), len(two)) >= _SHORT or one.startswith(_STRUCTURES) or two.startswith(_STRUCTURES):
        return False
    first, second = numbers_in(one), numbers_in(two)
    return len(first) == len(second) == 1 and abs(first[0] - second[0]) <= _NEAR * max(1.0, abs(first[0]))


def _plain(text: str) -> str:
    found = unicodedata.normalize("NFKC", text).strip().strip("*`.。$ ")
    return _DRESS.sub("", found).strip("'\"").casefold()


def _unquoted(raw: str) -> str:
    try:
        found = decode(raw)
    except DecodeError:
        return raw.strip()
    return found if isinstance(found, str) else raw.strip()
