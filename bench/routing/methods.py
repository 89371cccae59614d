"""What a way of routing is: fitted on recorded results, then asked about prompts it has not seen.

Two kinds. A `Method` sees the prompt alone and says what to expect of each model of the pool (pre-route). A `Cascade`
asks cheap models first and looks at their answers, each of which is paid.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from bench.routing.recordings import Bools, Floats, Ints, Table


class Prompts(Struct, frozen=True, eq=False):
    """All that a router is told of n requests.

    `vectors` is n by 384 (the product's embedder, as queries), `input_tokens` n. `categories` is told only to a method
    that says it is a reference with given labels (`told`).
    """

    texts: tuple[str, ...]
    vectors: Floats
    input_tokens: Floats
    categories: tuple[str, ...] | None = None

    def rows(self, places: Ints) -> "Prompts":
        """Some of them."""
        pick = places.tolist()
        told = None if self.categories is None else tuple(self.categories[place] for place in pick)
        return Prompts(tuple(self.texts[place] for place in pick), self.vectors[places], self.input_tokens[places], told)


class Lesson(Struct, frozen=True, eq=False):
    """A table to learn from, and the prompts of its items."""

    table: Table
    prompts: Prompts


class Training(Struct, frozen=True, eq=False):
    """What may be learnt from. No item of the test, nor an equal question of another source, is in it.

    `target` has a label of each model of the pool for each of its items: the benchmark at hand, or, where none of it may
    be seen, the nearest that has labels of the same models. `everything` is all that was recorded, of any model, the
    target among it. `key` names what was left out: equal keys mean an equal `everything`; what a method has fitted to that
    it may keep in `store`.
    """

    key: str
    pool: tuple[str, ...]
    target: Lesson
    everything: tuple[Lesson, ...]
    store: dict[Hashable, Any]


class Predicted(Struct, frozen=True, eq=False):
    """What is expected of the pool's models on n prompts, each n by m.

    `quality` is the expected score, `low` a lower bound of it, `tokens` the expected tokens of output. `need` (n) says,
    of two models, how much the better one is needed; without it, the difference of the two qualities does. `support` (n)
    is how well prompts like it are known, from 0 to 1, where a method says it.
    """

    quality: Floats
    low: Floats
    tokens: Floats
    need: Floats | None = None
    support: Floats | None = None


class Router(Protocol):
    """A fitted method."""

    def predict(self, prompts: Prompts) -> Predicted:
        """What to expect, for each prompt by itself."""


class Method(Protocol):
    """A way to route by the prompt alone. `vectors`: it needs them, and their cost is charged. `told`: see `Prompts`."""

    name: str
    vectors: bool
    told: bool

    def fit(self, training: Training) -> Router:
        """Learn."""


class Answered(Struct, frozen=True, eq=False):
    """What the cheap models said to n prompts. A cascade may look at a column of it only for items it pays it for.

    `models` are the pool's, from the cheapest; the last, the strong one, has no column in `outputs` and `answers`.
    `costs` (n by m, USD) are of the calls; those of the strong model are its mean over the training items.
    """

    prompts: Prompts
    models: tuple[str, ...]
    outputs: tuple[tuple[str, ...], ...]
    answers: tuple[tuple[str, ...], ...]
    output_tokens: Floats
    costs: Floats


class Followed(Struct, frozen=True, eq=False):
    """Whose answer was given to each of n prompts (n, a column of the pool), and which calls were paid (n by m)."""

    choice: Ints
    paid: Bools


class Opened(Protocol):
    """A router with its n requests before it."""

    @property
    def need(self) -> Floats:
        """How much the strong model, the last of the pool, is needed (n), where the pool has an order."""

    def follow(self, setting: float) -> Followed:
        """Walk each request down the cascade."""


class FittedCascade(Protocol):
    """A fitted cascade."""

    def open(self, answered: Answered) -> Opened:
        """Look at some requests."""


class Cascade(Protocol):
    """A way to route that looks at cheap answers first.

    The cheap models (all of the pool but the last) may be asked in any order. `settings` are those of which the one to use
    is chosen on training items.
    """

    name: str
    vectors: bool
    settings: Sequence[float]

    def fit(self, training: Training, answered: Answered) -> FittedCascade:
        """Learn from the training target and the answers to it."""


def needed(predicted: Predicted) -> Floats:
    """How much the second of two models is needed."""
    if predicted.need is not None:
        return predicted.need
    return np.asarray(predicted.quality[:, 1] - predicted.quality[:, 0])
