"""Pairs of questions in English and Japanese: paraphrases, and different ones that look alike."""

from pathlib import Path

import msgspec
from msgspec import Struct


class Pair(Struct, frozen=True):
    """Two questions; `same` says whether one answer does for both."""

    language: str
    same: bool
    first: str
    second: str


_FILE = Path(__file__).with_name("questions.jsonl")
PAIRS = [msgspec.json.decode(line, type=Pair) for line in _FILE.read_text("utf-8").splitlines()]
