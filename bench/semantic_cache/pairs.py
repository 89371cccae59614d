"""The pairs of questions that `bench.semantic_cache` asks, and the half of them that may be looked at.

`pairs.jsonl` was written before its author had seen the rules of `governance/same_question.py`; `aimed.jsonl` after, to
break them. Whoever mends the rules looks at the aimed pairs and at the development half of the others, and reports what
the test half gives.
"""

import hashlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

_FOLDER = Path(__file__).parent


class Pair(Struct, frozen=True):
    """Two questions; `same` says whether one answer does for both.

    `language` is en, ja or mixed; `kind` says how the two differ, `use` where at work they are asked.
    """

    language: str
    same: bool
    kind: str
    use: str
    first: str
    second: str

    @property
    def half(self) -> Literal["development", "test"]:
        """By a hash of the words, so that nobody chooses."""
        digest = hashlib.sha256(f"{self.first}\n{self.second}".encode()).digest()
        return "test" if digest[0] % 2 else "development"


def blind() -> tuple[Pair, ...]:
    """Pairs written without knowledge of the rules, of both halves."""
    return _read("pairs.jsonl")


def aimed() -> tuple[Pair, ...]:
    """Different questions, written to be taken for the same by the rules as they then were; 49 of these 57 were."""
    return _read("aimed.jsonl")


def _read(name: str) -> tuple[Pair, ...]:
    lines = (_FOLDER / name).read_text("utf-8").splitlines()
    return tuple(msgspec.json.decode(line, type=Pair) for line in lines)
