"""A small world whose truth is known: three kinds of prompts, four models whose chances on each are given."""

import hashlib
from collections.abc import Iterator

from kyozon.trainers.quality.boosting import Growth
from kyozon.trainers.quality.fitting import Options
from kyozon.trainers.quality.observations import Observation

KINDS = {
    "sums": ("Add the numbers {a} and {b} and multiply the result by {c}.", {"weak": 0.4, "middle": 0.8, "strong": 0.95}),
    "capitals": ("Which city is the capital of the country called {w}?", {"weak": 0.9, "middle": 0.92, "strong": 0.95}),
    "proofs": (
        "Prove the theorem on {w} spaces, step by step, with every lemma.",
        {"weak": 0.1, "middle": 0.3, "strong": 0.8},
    ),
}
LENGTHS = {"sums": 60, "capitals": 10, "proofs": 400}
QUICK = Options(
    anchors=("weak", "strong"), growth=Growth(rounds=60, rate=0.1, leaves=7, least=10), folds=3, least_results=50
)


def draw(*parts: object) -> float:
    """A number from 0 to 1 that looks random and is always the same for the same parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest()) / (1 << 48)


def text_of(kind: str, number: int) -> str:
    words = {"a": number * 7 % 89, "b": number % 31, "c": number % 13, "w": f"Q{number % 50}ria"}
    return KINDS[kind][0].format(**words) + f" ({number % 97})"


def observations(count: int, first: int = 0) -> Iterator[Observation]:
    for number in range(first, first + count):
        for kind, (_, chances) in KINDS.items():
            results = {
                name: (float(draw(kind, number, name) < chance), LENGTHS[kind] * (2 if name == "strong" else 1))
                for name, chance in chances.items()
            }
            yield Observation(text_of(kind, number), kind, results)
