"""What a quality model is fitted on, checked and laid out as arrays."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.facts import plain_name

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
DIMENSIONS = 384


class Observation(Struct, frozen=True, eq=False):
    """One prompt and how well each model answered it: `results` maps a model to (score 0..1, output tokens or None).

    `domain` is a name for what the prompt is about (a benchmark, a subject, a task); it is learnt, never asked for later.
    `vector` is the embedding of the prompt, where there is one. `fold` puts equal questions together for cross-fitting;
    without it the text decides.
    """

    text: str
    domain: str
    results: Mapping[str, tuple[float, int | None]]
    vector: NDArray[np.float32] | None = None
    fold: int | None = None


class Table(Struct, frozen=True, eq=False):
    """The observations as arrays: n items, and one entry per result in `item`, `model`, `score`, `tokens` (NaN if unknown).

    `vectors` is n by 384 with rows of NaN where there is none.
    """

    texts: tuple[str, ...]
    domains: tuple[str, ...]
    domain: Places
    models: tuple[str, ...]
    item: Places
    model: Places
    score: Numbers
    tokens: Numbers
    fold: Places
    vectors: NDArray[np.float32]

    def means(self, members: NDArray[np.bool_]) -> Numbers:
        """The mean score of the member models on each item; NaN where none answered it."""
        chosen = members[self.model]
        size = len(self.texts)
        count = np.bincount(self.item[chosen], minlength=size)
        total = np.bincount(self.item[chosen], weights=self.score[chosen], minlength=size)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def tabled(observations: Sequence[Observation], folds: int) -> Table:
    """The observations laid out; raises `ValueError` that names the first one that cannot be learnt from."""
    if not observations:
        raise ValueError("there is nothing to learn from: no observation was given")
    domains = sorted({each.domain for each in observations})
    models = sorted({plain_name(model) for each in observations for model in each.results})
    rows = [row for place, each in enumerate(observations) for row in _rows(place, each)]
    if not rows:
        raise ValueError("there is nothing to learn from: no observation holds a result")
    at = {name: place for place, name in enumerate(models)}
    near = {name: place for place, name in enumerate(domains)}
    return Table(
        texts=tuple(each.text for each in observations),
        domains=tuple(domains),
        domain=np.array([near[each.domain] for each in observations]),
        models=tuple(models),
        item=np.array([row[0] for row in rows]),
        model=np.array([at[row[1]] for row in rows]),
        score=np.array([row[2] for row in rows]),
        tokens=np.array([row[3] for row in rows]),
        fold=np.array([_fold(each, folds) for each in observations]),
        vectors=np.stack([_vector(place, each) for place, each in enumerate(observations)]),
    )


def _rows(place: int, each: Observation) -> list[tuple[int, str, float, float]]:
    rows = []
    for model, (score, tokens) in each.results.items():
        if not 0 <= score <= 1:
            raise ValueError(f"observation {place}: the score of {model} is {score!r}, and must be a number from 0 to 1")
        if tokens is not None and not (math.isfinite(tokens) and tokens >= 0):
            raise ValueError(f"observation {place}: {model} cannot have answered in {tokens!r} tokens")
        rows.append((place, plain_name(model), float(score), math.nan if tokens is None else float(tokens)))
    return rows


def _fold(each: Observation, folds: int) -> int:
    if each.fold is not None:
        return each.fold % folds
    words = " ".join(each.text.lower().split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=4).digest()[0] % folds


def _vector(place: int, each: Observation) -> NDArray[Any]:
    if each.vector is None:
        return np.full(DIMENSIONS, np.nan, dtype=np.float32)
    vector = np.asarray(each.vector, dtype=np.float32)
    if vector.shape != (DIMENSIONS,) or not np.isfinite(vector).all():
        raise ValueError(f"observation {place}: its vector must be {DIMENSIONS} finite numbers")
    return vector
