"""What is asked: questions whose answers a program can check, in words that keep the answers short.

The questions are those of a folder as `bench.routing` reads: word problems and Python functions that most of the recorded
models got right (small models are to have a chance) and whose right answer is therefore known from the recordings. Which of
them, says a hash. A few lines of conversation before each show the form that is wanted; they are the same each time.
"""

import ast
import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from msgspec import Struct

Kind = Literal["arithmetic", "code"]
Message = dict[str, str]

KINDS: tuple[Kind, ...] = ("arithmetic", "code")
MOST_TOKENS = 56
_SOURCE = "zeroeval"
_BENCHMARKS: Mapping[str, Kind] = {"zeroeval_gsm": "arithmetic", "zeroeval_crux": "code"}
_LONGEST: Mapping[Kind, int] = {"arithmetic": 170, "code": 500}
_SOLVED: Mapping[Kind, float] = {"arithmetic": 0.85, "code": 0.55}
"""Share of the recorded models that got a question right, at least."""
_CUT = 80
"""Recorded answers end at so many characters: of one as long nobody knows the rest."""
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_SHARE: Mapping[Kind, float] = {"arithmetic": 0.3, "code": 0.7}
"""Arithmetic takes twice the time of code, most of it to write the steps."""
_MARK = "####"
_SHOWN: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    "arithmetic": (
        (
            """Solve the problem. Write only the calculations, one a line, then #### and the number.

A pack holds 6 pens and costs $9. Mia buys 4 packs and sells each pen for $2. How much does she earn?""",
            "4 * 6 = 24\n24 * 2 = 48\n4 * 9 = 36\n48 - 36 = 12\n#### 12",
        ),
        (
            "Tom is 3 times as old as Ann, who is 8. How old are both together in 5 years?",
            "8 * 3 = 24\n24 + 8 = 32\n2 * 5 = 10\n32 + 10 = 42\n#### 42",
        ),
    ),
    "code": (
        (
            """Complete the assertion. Write only the literal, after ####.

[PYTHON]
def f(xs):
    return xs[::-1]
assert f([1, 2]) == ??
[/PYTHON]""",
            "#### [2, 1]",
        ),
        ("[PYTHON]\ndef f(text, n):\n    return text[:n].upper()\nassert f('kyoto', 3) == ??\n[/PYTHON]", "#### 'KYO'"),
    ),
}


class Item(Struct, frozen=True):
    """One question and its right answer."""

    id: str
    kind: Kind
    prompt: str
    right: str

    @property
    def messages(self) -> list[Message]:
        """The conversation that is sent: what is the same each time, then the question."""
        shown = [message for turn in _SHOWN[self.kind] for message in _turn(*turn)]
        return [*shown, {"role": "user", "content": self.prompt}]


def choose(folder: Path, number: int) -> list[Item]:
    """So many items in the order of a hash of their names; those of one kind stand together.

    Raises `ValueError` where the folder holds fewer.
    """
    found = sorted(_items(folder), key=lambda item: hashlib.sha256(f"cascade {item.id}".encode()).digest())
    chosen = [item for kind in KINDS for item in [one for one in found if one.kind == kind][: _part(kind, number)]]
    if len(chosen) < number:
        raise ValueError(f"{folder} holds {len(chosen)} items that can be used, {number} are wanted")
    return chosen


def split(items: list[Item], known: int) -> tuple[list[Item], list[Item]]:
    """The items by whose results the models become known, so many of them, and the others: of each kind its share."""
    by_kind = [([item for item in items if item.kind == kind], _part(kind, known)) for kind in KINDS]
    return [item for of, each in by_kind for item in of[:each]], [item for of, each in by_kind for item in of[each:]]


def right(item: Item, answer: str) -> bool:
    """Whether the answer's end, after its mark where it has one, is the right one: the same number, the same value."""
    end = answer.rpartition(_MARK)[2].strip()
    if item.kind == "arithmetic":
        numbers = _NUMBER.findall(end)
        return bool(numbers) and math.isclose(_value(numbers[0 if _MARK in answer else -1]), _value(item.right))
    literal = end.rpartition("==")[2].replace("```", "").replace("[/PYTHON]", "").strip()
    try:
        return bool(ast.literal_eval(literal) == ast.literal_eval(item.right))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _part(kind: Kind, number: int) -> int:
    return round(_SHARE[kind] * number)


def _turn(question: str, answer: str) -> list[Message]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _value(number: str) -> float:
    return float(number.replace(",", "").replace("$", ""))


def _items(folder: Path) -> Iterator[Item]:
    answers, scores = _recorded(folder)
    for row in pq.read_table(folder / f"{_SOURCE}_items.parquet").to_pylist():
        kind, key = _BENCHMARKS.get(row["benchmark"]), row["item_id"]
        if kind is None or not answers[key]:
            continue
        solved = sum(scores[key]) / len(scores[key])
        item = Item(key, kind, row["prompt"], answers[key].most_common(1)[0][0])
        # An answer that does not pass for itself, as one that was cut off, could not be checked.
        if len(row["prompt"]) <= _LONGEST[kind] and solved >= _SOLVED[kind] and right(item, f"{_MARK} {item.right}"):
            yield item


def _recorded(folder: Path) -> tuple[Mapping[str, Counter[str]], Mapping[str, list[float]]]:
    """By item: the answers that were right and how often each was given, and the scores of all models."""
    answers, scores = defaultdict[str, Counter[str]](Counter), defaultdict[str, list[float]](list)
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{_SOURCE}_scores.parquet").to_pylist()
    for row in rows:
        if row["score"] is not None:
            scores[row["item_id"]].append(row["score"])
        if row["score"] == 1 and row["answer"] and len(row["answer"]) < _CUT:
            answers[row["item_id"]][row["answer"]] += 1
    return answers, scores
