"""Traffic of which everything is known: recorded results of every model on every item, and what the product expected.

The estimator has not seen the items. Requests are drawn from them with replacement: so the truth about any way to choose is
a mean over the items, and every request is a fresh one of the same kind.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from bench.routing.pools import TASKS
from bench.routing.product import quality_model
from bench.routing.recordings import Item, Recordings
from bench.routing.vectors import NONE
from bench.routing.world import World
from kyozon.domain.models import ModelCard, Price
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import Needs
from kyozon.routing import measured
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.option import Option, Ranking

Floats = NDArray[np.float64]

TASK = next(task for task in TASKS if task.name == "mmlu_pro7")
FOLD = 0
"""The items of this fold are the traffic; the estimator learns from all others."""
STRANGE = "zeroeval_crux"
"""A benchmark that the estimator learns nothing of: programs whose output is asked for."""


class Traffic(Struct, frozen=True, eq=False):
    """Items by models: what is weighed, and the true `scores` (n by m), by model in `places`.

    `supports` and `domains` are those of each item; `strange` has the same of items like nothing that was learnt from.
    """

    options: tuple[tuple[Option, ...], ...]
    scores: Floats
    places: dict[str, int]
    supports: Floats
    domains: tuple[str, ...]
    strange: tuple[tuple[float, str], ...]

    @property
    def items(self) -> int:
        """How many there are."""
        return len(self.options)

    def ranked(self, goal: Goal) -> list[Ranking]:
        """The order of the product's router for each item."""
        return [measured.router(options, Needs("chat", quality=goal)) for options in self.options]


def traffic(recordings: Recordings) -> Traffic:
    """Fit on everything but one fold and one benchmark, look at what was left out; raises `ValueError` without items."""
    known = World(_where(recordings, lambda item: item.benchmark != STRANGE), None, NONE)
    case = known.case(TASK)
    if case is None:
        raise ValueError(f"there are no items of {TASK.name}")
    model = quality_model(known.training(TASK, FOLD), vectors=False)
    held = case.rows(case.part(FOLD))
    prices = [recordings.prices[name] for name in TASK.pool]
    cards = [_card(name, price.input, price.output) for name, price in zip(TASK.pool, prices, strict=True)]
    looks = [model.look(text) for text in held.prompts.texts]
    tokens = np.array([[model.expected(seen, name).output_tokens or 0 for name in TASK.pool] for seen in looks], float)
    options = tuple(
        tuple(
            Option(card, Decimal(f"{price:.9f}"), model.expected(seen, card.id))
            for card, price in zip(cards, row.tolist(), strict=True)
        )
        for seen, row in zip(looks, held.price(tokens), strict=True)
    )
    about = [_about(model, text) for text in held.prompts.texts]
    other = [item for table in recordings.tables for item in table.items if item.benchmark == STRANGE]
    return Traffic(
        options=options,
        scores=held.table.scores,
        places={card.id: place for place, card in enumerate(cards)},
        supports=np.array([support for support, _ in about]),
        domains=tuple(domain for _, domain in about),
        strange=tuple(_about(model, item.prompt) for item in other),
    )


def expected(option: Option) -> Estimate:
    """What was expected of a model; every option of this traffic has an estimate."""
    if option.estimate is None:
        raise ValueError(f"nothing is expected of {option.card.id}")
    return option.estimate


def _about(model: QualityModel, text: str) -> tuple[float, str]:
    """How well such prompts are known, and the likeliest domain."""
    seen = model.look(text)
    return float(seen.support), model.contents.domains[int(np.argmax(seen.domains))]


def _where(recordings: Recordings, wanted: Callable[[Item], bool]) -> Recordings:
    tables = (table.where(wanted) for table in recordings.tables)
    return structs.replace(recordings, tables=tuple(table for table in tables if table.items))


def _card(name: str, into: float, out: float) -> ModelCard:
    price = Price(date(2020, 1, 1), Decimal(str(into)), Decimal(str(out)))
    return ModelCard(name, "recorded", name, "host", prices=(price,))
