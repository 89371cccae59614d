"""A quality model that has never heard of some models, and their recorded results on questions that it has not seen."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from bench.routing.recordings import Price as Rate
from bench.routing.recordings import read
from kyozon.domain.models import ModelCard, Price
from kyozon.domain.quality import Estimate
from kyozon.routing.estimating.facts import Facts, plain_name
from kyozon.routing.estimating.seeing import Seen
from kyozon.trainers.quality.fitting import fit
from kyozon.trainers.quality.observations import Observation
from kyozon.trainers.quality.recorded import Folder, facts_in, recorded
from kyozon.trainers.quality.release import WITHOUT, fitting_to, release

Floats = NDArray[np.float64]

NEW = (
    "gemini-1.5-flash-002",
    "llama-3.1-70b-instruct",
    "phi-3-mini-4k-instruct",
    "mathstral-7b",
    "deepseek-coder-v2",
    "gemma-2-9b-it",
    "mistral-7b-instruct-v0.3",
    "gpt-4o-mini-2024-07-18",
    "claude-3-haiku-20240307",
    "reka-core-20240501",
    "gpt-4-0314",
    "gpt-5-nano-2025-08-07",
    "gemini-2.5-flash",
    "qwen3-8b-nothink",
    "shisa-v2-unphi4-14b",
)
OWN_USE = "mmlu_pro"
TEST, OWN = 0, 1
"""Folds: one to be judged on, one whose questions are one's own use. The fit has seen neither."""


class Item(Struct, frozen=True, eq=False):
    """A question, what the model sees in it, and how good each model's answer was, by plain name, with its tokens."""

    text: str
    domain: str
    fold: int
    seen: Seen
    results: dict[str, tuple[float, int | None]]


class Newcomers:
    """Three models, and the questions that none of them has seen: `model` lacks the newcomers and `informed` nothing.

    `abroad` has never seen the benchmark that stands for one's own use.
    """

    def __init__(self, data: Path) -> None:
        options, self._facts = release(data), facts_in(data / "prices.csv")
        everything = recorded(Folder(data, without=WITHOUT))
        learnt = [each for each in everything if each.fold not in (TEST, OWN)]
        hidden = [each for each in map(_hidden, learnt) if each.results]
        anchors = tuple(name for name in options.anchors if name not in NEW)
        self.model = fit(hidden, structs.replace(options, anchors=anchors))
        self.informed = fit(learnt, options)
        abroad = [each for each in learnt if not each.domain.startswith(OWN_USE)]
        self.abroad = fit(abroad, fitting_to(abroad, [data]))
        self.rates = {plain_name(name): rate for name, rate in read(data).prices.items()}
        self._unseen = [each for each in everything if each.fold in (TEST, OWN)]

    @cached_property
    def items(self) -> list[Item]:
        """The questions of the two folds."""
        return [
            Item(
                each.text,
                each.domain,
                each.fold or 0,
                self.model.look(each.text),
                {plain_name(name): result for name, result in each.results.items()},
            )
            for each in self._unseen
        ]

    def of(self, fold: int, *names: str) -> list[Item]:
        """The questions of a fold that each of these models has answered."""
        return [item for item in self.items if item.fold == fold and all(name in item.results for name in names)]

    def card(self, name: str) -> ModelCard:
        """What is known of a model by its card: price, whether its weights are open, whether it reasons."""
        rate, facts = self.rates.get(name), self._facts.get(name, Facts(name))
        return ModelCard(
            name,
            "recorded",
            name,
            "external",
            open_weights=facts.open_weights,
            abilities={"reasoning": facts.reasons},
            prices=() if rate is None else (_price(rate),),
        )


def means(estimates: list[Estimate]) -> tuple[float, float, float]:
    """Mean quality, and the means of both ends of the interval."""
    rows = np.array([(one.quality, one.low, one.high) for one in estimates])
    quality, low, high = rows.mean(axis=0).tolist()
    return quality, low, high


def _price(rate: Rate) -> Price:
    return Price(date(2026, 1, 1), Decimal(str(rate.input)), Decimal(str(rate.output)))


def _hidden(each: Observation) -> Observation:
    return structs.replace(each, results={name: told for name, told in each.results.items() if plain_name(name) not in NEW})
