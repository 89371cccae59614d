"""How soon a change is noticed, and how often an alarm is raised where nothing has changed."""

from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median, quantiles

import numpy as np
from msgspec import Struct

from bench.learning.hidden import HERE
from bench.learning.traffic import Traffic, expected
from kyozon.evaluation.drift import Alarm, Seen, Watch

BEFORE = 5000
"""Usual requests before the change."""
MOST = 20_000
WEAKER = "Phi-3-mini-4k-instruct"
NARROW = ("law", "history")
_HALF, _FIFTH = 0.5, 0.2

Requests = Iterator[Seen]


class Noticed(Struct, frozen=True):
    """One kind of change: after how many requests of the new kind the alarm came, over many runs. `missed` had none."""

    name: str
    told: str
    stream: str
    middle: float
    most: float
    missed: int
    runs: int


class Quiet(Struct, frozen=True):
    """So many alarms in so many requests between which nothing changed."""

    requests: int
    alarms: int


class _Kinds:
    """The requests that there are, each judged by somebody."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._first = [ranking.options[0] for ranking in traffic.ranked(HERE)]
        self._every = np.arange(traffic.items)
        self._narrow = np.flatnonzero([any(word in name for word in NARROW) for name in traffic.domains])

    def usual(self, chance: np.random.Generator) -> Requests:
        """As the items come."""
        return self._drawn(chance, self._every)

    def narrow(self, chance: np.random.Generator) -> Requests:
        """Half of them about law and history."""
        usual, other = self._drawn(chance, self._every), self._drawn(chance, self._narrow)
        while True:
            yield next(usual if chance.random() < _HALF else other)

    def weaker(self, chance: np.random.Generator) -> Requests:
        """The answers of a smaller model, under the name of the one that was chosen."""
        return self._drawn(chance, self._every, self._traffic.places[WEAKER])

    def strange(self, chance: np.random.Generator) -> Requests:
        """A fifth of them like nothing that was learnt from."""
        usual, others = self._drawn(chance, self._every), self._traffic.strange
        while True:
            if chance.random() < _FIFTH:
                support, domain = others[int(chance.integers(0, len(others)))]
                yield Seen(float(chance.random()), "one", support, None, domain)
            else:
                yield next(usual)

    def _drawn(self, chance: np.random.Generator, among: np.ndarray, answered: int | None = None) -> Requests:
        traffic = self._traffic
        while True:
            place = int(chance.choice(among))
            chosen = self._first[place]
            by = traffic.places[chosen.card.id] if answered is None else answered
            surprise = float(traffic.scores[place, by]) - expected(chosen).quality
            yield Seen(float(chance.random()), "one", float(traffic.supports[place]), surprise, traffic.domains[place])


def noticed(traffic: Traffic, runs: int) -> list[Noticed]:
    """Each change, so many times."""
    kinds = _Kinds(traffic)
    asked: list[tuple[str, str, str, Callable[[np.random.Generator], Requests]]] = [
        ("strange", "a fifth of the requests are of a kind never seen (programs to run)", "support", kinds.strange),
        ("weaker", f"the provider serves {WEAKER} under the names of better models", "quality", kinds.weaker),
        ("narrow", "half of the requests are about law and history", "domains", kinds.narrow),
    ]
    found = []
    for name, told, stream, kind in asked:
        delays = [_delay(kinds, kind, stream, seed) for seed in range(runs)]
        hits = [float(delay) for delay in delays if delay is not None]
        most = quantiles(hits, n=10)[-1] if len(hits) > 1 else float(MOST)
        found.append(Noticed(name, told, stream, median(hits) if hits else float(MOST), most, runs - len(hits), runs))
    return found


def quiet(traffic: Traffic, runs: int, requests: int) -> Quiet:
    """Usual requests alone."""
    kinds, alarms = _Kinds(traffic), 0
    for seed in range(runs):
        watch = Watch()
        usual = islice(kinds.usual(np.random.default_rng(1000 + seed)), requests)
        alarms += sum(len(watch.take(seen)) for seen in usual)
    return Quiet(runs * requests, alarms)


def _delay(kinds: _Kinds, kind: Callable[[np.random.Generator], Requests], stream: str, seed: int) -> int | None:
    chance, watch = np.random.default_rng(seed), Watch()
    for seen in islice(kinds.usual(chance), BEFORE):
        watch.take(seen)
    for count, seen in enumerate(islice(kind(chance), MOST), 1):
        alarms: list[Alarm] = watch.take(seen)
        if any(alarm.stream == stream for alarm in alarms):
            return count
    return None
