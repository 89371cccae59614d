"""Spreads requests over the deployments of one model: the less loaded of two picked by chance goes first.

Load is outstanding calls times the time to first words, as a peak EWMA that rises at once and forgets slowly (as in
Finagle); two choices are enough to keep loads even (Mitzenmacher, "The Power of Two Choices", 2001).
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

from msgspec import Struct

from kyozon.domain.models import ModelCard
from kyozon.routing.option import Option

_FORGETS_S = 10.0


class Load(Struct, frozen=True):
    """What is known of one deployment: calls under way, and `latency` in seconds as of `at`, None before an answer."""

    outstanding: int = 0
    latency: float | None = None
    at: float = 0.0


def heard(load: Load, seconds: float, now: float) -> Load:
    """The load after an answer whose first words took so many seconds."""
    if load.latency is None or seconds > load.latency:
        return Load(load.outstanding, seconds, now)
    kept = math.exp(-max(0.0, now - load.at) / _FORGETS_S)
    return Load(load.outstanding, load.latency * kept + seconds * (1 - kept), now)


def spread(options: Sequence[Option], load_of: Callable[[ModelCard], Load], chance: float) -> tuple[Option, ...]:
    """The router's order, in which neighbours that are one model at one cost are ordered by load.

    `chance`, from 0 up to 1, picks the two of which the less loaded goes first; the rest follow by load.
    """
    found: list[Option] = []
    for _, group in groupby(options, key=lambda option: (option.card.id, option.cost)):
        found += _by_load(list(group), load_of, chance)
    return tuple(found)


def _by_load(options: list[Option], load_of: Callable[[ModelCard], Load], chance: float) -> list[Option]:
    """A deployment that has not answered yet is taken to be as fast as the fastest that has."""
    count = len(options)
    if count == 1:
        return options
    loads = [load_of(option.card) for option in options]
    fastest = min((load.latency for load in loads if load.latency is not None), default=1.0)
    weights = [(load.outstanding + 1) * (fastest if load.latency is None else load.latency) for load in loads]
    first, second = _pair(count, chance)
    best = first if weights[first] <= weights[second] else second
    rest = sorted((place for place in range(count) if place != best), key=weights.__getitem__)
    return [options[place] for place in (best, *rest)]


def _pair(count: int, chance: float) -> tuple[int, int]:
    """Two different places, each ordered pair as likely as any other."""
    picked = min(int(chance * count * (count - 1)), count * (count - 1) - 1)
    first, second = divmod(picked, count - 1)
    return first, second + (second >= first)
