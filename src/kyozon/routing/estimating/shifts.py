"""By how much models depart from what was expected of them, from scores of their answers: a logistic model of departures.

The log-odds of a score are those expected, plus what all models have in common, everywhere and in one domain, plus what is
the model's own, everywhere and in one domain. What is expected may count more or less than it should (Platt 1999), as where
scores are given at random now and then; and too much is expected of models that were chosen for it (the winner's curse).
Each of the six is drawn to nought by its known spread: a mixed model with crossed effects, fitted at the mode of its
posterior (Breslow & Clayton 1993).
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

STILL = 1e-7
ROUNDS = 50
NONE = 1e-9
"""What a variance of nought is taken for, so that it has an inverse."""


class Scores(Struct, frozen=True, eq=False):
    """n scores from 0 to 1: of which of M models, in which of D domains, the log-odds expected, and what each counts.

    `picked` is 1 where the model was chosen for what was expected of it, 0 where by chance or by nobody.
    """

    model: Places
    domain: Places
    odds: Numbers
    score: Numbers
    weight: Numbers
    picked: Numbers


class Spreads(Struct, frozen=True, eq=False):
    """Variances, in log-odds. `everywhere` and `domains` are of what models have in common, 0 for nothing.

    `slope` is that of how much what is expected counts, `curse` that of what is expected too much of chosen models. `own`
    (M) and `own_domains` (M by D) are of what is a model's own, everywhere and in one domain.
    """

    everywhere: float
    domains: float
    slope: float
    curse: float
    own: Numbers
    own_domains: Numbers


class Shifts(Struct, frozen=True, eq=False):
    """What was found, with the standard deviation `sure` (M) that is left of `own` (M)."""

    everywhere: float
    own: Numbers
    own_domains: Numbers
    sure: Numbers


class _Effects(Struct, frozen=True, eq=False):
    """Which effects (columns) each score (row) has, how much of each, and how far each may go (variance)."""

    columns: Places
    amounts: Numbers
    variance: Numbers


def shifts_of(scores: Scores, spreads: Spreads) -> Shifts:
    """The most likely departures; nought of a model or domain without scores."""
    models, domains = spreads.own_domains.shape
    pairs, which = np.unique(scores.model * domains + scores.domain, return_inverse=True)
    places, where = np.unique(scores.domain, return_inverse=True)
    first, second = models, models + len(pairs)
    everywhere = second + len(places)
    size = len(scores.odds)
    last = [np.full(size, everywhere + each) for each in range(3)]
    ones, middle = np.ones(size), np.average(scores.odds, weights=scores.weight) if size else 0.0
    shared = np.full(len(places), spreads.domains), np.array([spreads.everywhere, spreads.slope, spreads.curse])
    effects = _Effects(
        np.stack((scores.model, first + which, second + where, *last), axis=1),
        np.stack((ones, ones, ones, ones, scores.odds - middle, scores.picked), axis=1),
        np.concatenate((spreads.own, spreads.own_domains.ravel()[pairs], *shared)),
    )
    found, bend = _mode(effects, scores)
    own_domains = np.zeros(models * domains)
    own_domains[pairs] = found[first:second]
    left = np.sqrt(np.diag(np.linalg.inv(bend))[:models])
    return Shifts(float(found[everywhere]), found[:models], own_domains.reshape(models, domains), left)


def _mode(effects: _Effects, scores: Scores) -> tuple[Numbers, Numbers]:
    """Newton's method, each step halved until it gains; what has no variance stays at nought. Also how it bends there."""
    columns, amounts, size = effects.columns, effects.amounts, len(effects.variance)
    calm = 1 / np.maximum(effects.variance, NONE)

    def odds_of(effect: Numbers) -> Numbers:
        return np.asarray(scores.odds + (effect[columns] * amounts).sum(axis=1))

    def density(effect: Numbers) -> float:
        odds = odds_of(effect)
        told = scores.weight * (scores.score * odds - np.logaddexp(0.0, odds))
        return float(told.sum() - 0.5 * (calm * effect**2).sum())

    found, bend = np.zeros(size), np.diag(calm)
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(odds_of(found), -30.0, 30.0)))
        pull, bend = -calm * found, np.diag(calm)
        slope, curve = scores.weight * (scores.score - chance), scores.weight * chance * (1 - chance)
        for one, much in zip(columns.T, amounts.T, strict=True):
            np.add.at(pull, one, slope * much)
            for other, more in zip(columns.T, amounts.T, strict=True):
                np.add.at(bend, (one, other), curve * much * more)
        step, reached = np.linalg.solve(bend, pull), density(found)
        while density(found + step) < reached and np.abs(step).max() > STILL:
            step = step / 2
        found = found + step
        if np.abs(step).max(initial=0.0) <= STILL:
            break
    return found, bend
