"""The run: get to know the models, ask each alone, then have Kyozon choose and judge. What is done is not done again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
from msgspec import Struct, json

from bench.cascade.answers import Answer, Answers
from bench.cascade.asking import Asker, Meter, Strategy
from bench.cascade.house import MODELS, House, Price
from bench.cascade.items import KINDS, Item, choose, split
from bench.cascade.weights import LARGE, SMALL, fetched
from bench.client import await_ready

KNOWN, ALONE, AUTO = "known", "alone", "auto"
_ROUND = 50
"""Items a round. Every strategy is given them before the next: so all see the machine alike."""

Say = Callable[[str], None]


class Way(Struct, frozen=True):
    """How Kyozon is asked to choose: with which quality, and whether it knows the models by results or by their cards."""

    label: str
    quality: str
    joined: bool


WAYS: Mapping[str, Way] = {
    "high": Way("auto, high, known by results", "high", joined=True),
    "cards": Way("auto, 0.99, known by cards", "0.99", joined=False),
}


class Plan(Struct, frozen=True):
    """How many items: those that the models become known by, and those that are measured."""

    known: int
    measured: int


FULL, QUICK = Plan(40, 200), Plan(10, 10)


class Book(Struct, frozen=True):
    """What a strategy's key was charged: calls, the money in Kyozon's ledger, and what tokens and prices come to."""

    calls: int
    ledger: Decimal
    reckoned: Decimal


class Measured(Struct, frozen=True):
    """What was measured: the items, every answer by strategy, the prices, and the books of each strategy."""

    items: tuple[Item, ...]
    known: tuple[Item, ...]
    answers: Mapping[str, tuple[Answer, ...]]
    prices: Mapping[str, Price]
    books: Mapping[str, Book]


def measure(data: Path, cache: Path, plan: Plan, say: Say) -> Measured:
    """Do what is left to do; `cache` keeps the models' files and everything of the run."""
    known, items = split(choose(data, plan.known + plan.measured), plan.known)
    files = {weights.name: fetched(weights, cache, say) for weights in (SMALL, LARGE)}
    folder = cache / "run"
    house = House(folder)
    answers = Answers(folder / "answers.jsonl")
    house.configure({}, None)
    for name, file in files.items():
        house.pull(name, file)
    if any(item.id not in answers.of(f"{KNOWN} {name}") for name in MODELS for item in known):
        with _asking(house, answers, say) as asker:
            _each(house, asker, KNOWN, known)
    prices = {name: price(answers.of(f"{KNOWN} {name}").values()) for name in MODELS}
    estimates = _joined(house, answers, known, folder)
    for some in rounds(items, -(-len(items) // _ROUND)):
        for name, way in WAYS.items():
            house.configure(prices, estimates if way.joined else None)
            with _asking(house, answers, say) as asker:
                _each(house, asker, ALONE, some)
                strategy = Strategy(f"{AUTO} {name}", "auto", way.quality, MODELS)
                asker.ask(strategy, house.key(strategy.name), some)
                ledger = asker.ledger(house.key("warm"))
    names = [*(f"{ALONE} {name}" for name in MODELS), *(f"{AUTO} {name}" for name in WAYS)]
    found = {name: tuple(answers.of(name)[item.id] for item in items) for name in names}
    books = {name: _book(answers.of(name).values(), prices, ledger[house.key(name).id]) for name in names}
    return Measured(tuple(items), tuple(known), found, prices, books)


def rounds(items: Sequence[Item], number: int) -> Iterator[list[Item]]:
    """The items in so many parts, each kind divided among all; those of a kind stay together: their beginning is cached."""
    of_kind = [[item for item in items if item.kind == kind] for kind in KINDS]
    for place in range(number):
        yield [item for some in of_kind for item in some[place * len(some) // number : (place + 1) * len(some) // number]]


def price(answers: Iterable[Answer]) -> Price:
    """Seconds for a token read and for one written, by least squares over a model's answers, neither below nothing.

    They are drawn out or together so that the tokens of all answers cost what all answers took.
    """
    calls = [(one.calls[-1].input, one.calls[-1].output, sum(one.spent.engines.values())) for one in answers]
    rows = np.array(calls, dtype=float)
    tokens, seconds = rows[:, :2], rows[:, 2]
    found = np.clip(np.linalg.lstsq(tokens, seconds, rcond=None)[0], 0.0, None)
    found *= seconds.sum() / (tokens @ found).sum()
    return Price(float(found[0]), float(found[1]))


def _book(answers: Iterable[Answer], prices: Mapping[str, Price], ledger: Decimal) -> Book:
    calls = [call for one in answers for call in one.calls]
    reckoned = sum((prices[call.model].charge(call.input, call.output) for call in calls), Decimal(0))
    return Book(len(calls), ledger, reckoned)


@contextmanager
def _asking(house: House, answers: Answers, say: Say) -> Iterator[Asker]:
    """The server, with both models in memory."""
    with house.installation.running() as running:
        address = house.installation.address
        await_ready(address)
        Asker.warm(address, MODELS, house.key("warm"))
        yield Asker(address, Meter(running.process.pid, house.installation.data), answers, say)


def _each(house: House, asker: Asker, stage: str, items: Sequence[Item]) -> None:
    """Ask both models side by side, one question at a time each."""
    strategies = [Strategy(f"{stage} {name}", name, None, (name,)) for name in MODELS]
    keys = [house.key(strategy.name) for strategy in strategies]
    with ThreadPoolExecutor(len(strategies)) as pool:
        under_way = [pool.submit(asker.ask, one, key, items) for one, key in zip(strategies, keys, strict=True)]
        for one in under_way:
            one.result()


def _joined(house: House, answers: Answers, known: Sequence[Item], folder: Path) -> Path:
    """A file of estimates that knows both models by their results."""
    base: Path | None = None
    for place, name in enumerate(MODELS):
        had, results, out = answers.of(f"{KNOWN} {name}"), folder / f"{name}.jsonl", folder / f"estimates-{place}.msgpack"
        rows = [
            {"prompt": item.prompt, "score": float(had[item.id].right), "output_tokens": had[item.id].calls[-1].output}
            for item in known
        ]
        results.write_bytes(b"".join(json.encode(row) + b"\n" for row in rows))
        if not out.exists():
            house.join(name, results, base, out)
        base = out
    return out
