"""Who takes part: a method with the rule that chooses by it, or a cascade. Each opens its requests in the same way."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct

from bench.routing.methods import Cascade, Followed, Method, Opened, Predicted, Training, needed
from bench.routing.pools import Task
from bench.routing.recordings import Floats, Ints, Price
from bench.routing.rules import Rule
from bench.routing.world import Case, untold

Ready = Callable[[Case], Opened]
_MILLI = 1000.0


class Entrant(Protocol):
    """Somebody who takes part in a task."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def vectors(self) -> bool:
        """Whether it needs the prompts' vectors."""

    def learn(self, training: Training) -> Ready:
        """Fit, and be ready for requests."""

    def settings(self, opened: Sequence[Opened]) -> Sequence[float]:
        """The settings to choose from, given requests whose results may be looked at."""


class Weighed(Struct, frozen=True, eq=False):
    """Requests for which a method has said what to expect, and a rule that chooses by it."""

    rule: Rule
    predicted: Predicted
    price: Floats

    @property
    def need(self) -> Floats:
        """How much the last of the pool is needed; of two models."""
        return needed(self.predicted)

    def follow(self, setting: float) -> Followed:
        """Only the model whose answer is given is paid."""
        choice = self.rule.choose(self.predicted, self.price, setting)
        return Followed(choice, np.arange(self.price.shape[1]) == choice[:, None])


class PreRoute(Struct, frozen=True):
    """A method that sees the prompt alone, and its rule."""

    method: Method
    rule: Rule
    name: str
    vectors: bool

    def learn(self, training: Training) -> Ready:
        """Fit the method."""
        router = self.method.fit(training)

        def ready(case: Case) -> Opened:
            predicted = router.predict(case.prompts if self.method.told else untold(case.prompts))
            return Weighed(self.rule, predicted, case.price(predicted.tokens))

        return ready

    def settings(self, opened: Sequence[Opened]) -> Sequence[float]:
        """Those of the rule, for all requests together."""
        seen = [one for one in opened if isinstance(one, Weighed)]
        return self.rule.settings([one.predicted for one in seen])


def before(method: Method, rule: Rule, name: str = "") -> PreRoute:
    """A method, under its own name unless another is given."""
    return PreRoute(method, rule, name or method.name, method.vectors)


class After(Struct, frozen=True):
    """A cascade: the answers of the cheap models are looked at."""

    cascade: Cascade
    name: str
    vectors: bool
    task: Task
    prices: Mapping[str, Price]

    def learn(self, training: Training) -> Ready:
        """Fit the cascade to the target and the cheap answers to it."""
        case = Case(self.task, training.target, self.prices)
        strong = float(case.cost[:, -1].mean())
        fitted = self.cascade.fit(training, case.answered(strong))
        return lambda asked: fitted.open(asked.answered(strong))

    def settings(self, opened: Sequence[Opened]) -> Sequence[float]:
        """Those of the cascade."""
        del opened
        return self.cascade.settings


def milliseconds(ready: Ready, case: Case, sample: int = 200) -> float:
    """Processor time of one decision, but for the prompt's vector."""
    places: Ints = np.arange(min(sample, len(case.table.items)))
    few = case.rows(places)
    began = time.process_time()
    ready(few)
    return (time.process_time() - began) * _MILLI / len(places)
