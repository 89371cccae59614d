"""A model's ability as one number, and what it says of a prompt whose difficulty is known for three tiers of models.

As in item response theory (Rasch 1960), an answer's log-odds depend on the prompt and on the model's ability. Here the
prompt's side is the log-odds expected of a weak, a middle and a strong tier of models, and an ability is a place among
them: 0 is the weak tier, 1 the middle one, 2 the strong one, and a model outside them differs by its distance in log-odds.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

TIERS = 3
UNLIKE = 0.3
"""How much (variance, in log-odds) a model's results in one domain depart from what its ability says."""
GRID: Numbers = np.linspace(-2.5, 4.5, 141)


class Ability(Struct, frozen=True):
    """A place among the tiers, and its standard deviation."""

    place: float
    spread: float


def odds_at(place: float, tiers: Numbers) -> Numbers:
    """Log-odds of a model at that place; `tiers` (..., 3) are the tiers' log-odds, the result has their leading shape."""
    inside = min(max(place, 0.0), TIERS - 1.0)
    below = min(int(inside), TIERS - 2)
    share = inside - below
    weaker, stronger = tiers[..., below][()], tiers[..., below + 1][()]  # numbers, of one prompt: quicker
    return np.asarray((1 - share) * weaker + share * stronger + (place - inside))


def rising(tiers: Numbers) -> Numbers:
    """The tiers' log-odds (..., 3) with none below a weaker one's: trees fitted apart may cross."""
    return np.asarray(np.maximum.accumulate(tiers, axis=-1))


def slope_at(place: float, tiers: Numbers) -> float:
    """How the log-odds change with the place, for one prompt: what turns a spread of the place into one of the odds."""
    step = 0.25
    return float(odds_at(place + step, tiers) - odds_at(place - step, tiers)) / (2 * step)


def narrowed(prior: Ability, tiers: Numbers, scores: Sequence[float], weight: float = 1.0) -> Ability:
    """The ability after results: the posterior on a grid. `tiers` is n by 3, a score between 0 and 1.

    `weight` tempers the likelihood: results of one benchmark are not independent.
    """
    log_density = -0.5 * ((GRID - prior.place) / max(prior.spread, 1e-3)) ** 2
    if len(scores):
        goods = np.asarray(scores, dtype=np.float64)
        for index, place in enumerate(GRID.tolist()):
            odds = odds_at(place, tiers)
            log_density[index] += weight * float(np.sum(goods * odds - np.logaddexp(0.0, odds)))
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    mean = float(density @ GRID)
    return Ability(mean, float(np.sqrt(density @ (GRID - mean) ** 2)) + 1e-3)


def departures(domain: NDArray[np.int64], odds: Numbers, scores: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """By how much (log-odds) results depart from `odds` in each of `count` domains, drawn to none, and their number."""
    number = np.bincount(domain, minlength=count).astype(np.float64)
    effects = np.zeros(count)
    for _ in range(4):
        chance = 1 / (1 + np.exp(-(odds + effects[domain])))
        pull = np.bincount(domain, weights=scores - chance, minlength=count) - effects / UNLIKE
        effects += pull / (np.bincount(domain, weights=chance * (1 - chance), minlength=count) + 1 / UNLIKE)
    return effects, number
