"""Two-way additive fits: each result is its item's level plus its model's, so that models of different items compare."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyozon.trainers.quality.observations import Table

Numbers = NDArray[np.float64]

FEWEST = 50


def levels(table: Table, values: Numbers, calm: float = 2.0) -> tuple[Numbers, Numbers]:
    """The level of each item (NaN where no value is known) and of each model, by alternating least squares.

    Models' levels are drawn to nought by `calm` results; unknown values are NaN.
    """
    known = ~np.isnan(values)
    item, model, value = table.item[known], table.model[known], values[known]
    size = len(table.texts)
    per_item = np.bincount(item, minlength=size)
    per_model = np.bincount(model, minlength=len(table.models))
    models = np.zeros(len(table.models))
    items = np.zeros(size)
    for _ in range(30):
        items = np.bincount(item, weights=value - models[model], minlength=size) / np.maximum(per_item, 1)
        models = np.bincount(model, weights=value - items[item], minlength=len(table.models)) / (per_model + calm)
    return np.where(per_item > 0, items, np.nan), models


def tiers_of(table: Table) -> list[NDArray[Any]]:
    """Three sets of models, weak, middle and strong, by their additive level; each has a share of the results."""
    _, abilities = levels(table, table.score)
    order = np.argsort(abilities, kind="stable")
    results = np.sqrt(np.bincount(table.model, minlength=len(table.models)).astype(float))
    share = np.cumsum(results[order]) / max(results.sum(), 1e-9)
    tier = np.zeros(len(order), dtype=np.int64)
    tier[order] = np.minimum((share * 3 - 1e-9).astype(np.int64), 2)
    return [tier == place for place in range(3)]


def completed(tiers: Numbers) -> Numbers:
    """The tiers' scores (n by 3) where a missing one is what the nearest known tier makes of it.

    Where no strong model has answered, a strong one may still be expected to do at least as well as those that have: the
    regression of one tier on the other, over items that both have answered, says how well.
    """
    full = tiers.copy()
    for place in range(tiers.shape[1]):
        others = sorted((other for other in range(tiers.shape[1]) if other != place), key=lambda other: abs(other - place))
        for other in others:
            both = ~np.isnan(tiers[:, place]) & ~np.isnan(tiers[:, other])
            gaps = np.isnan(full[:, place]) & ~np.isnan(tiers[:, other])
            if both.sum() >= FEWEST and gaps.any():
                slope, base = np.polyfit(tiers[both, other], tiers[both, place], 1)
                full[gaps, place] = np.clip(base + slope * tiers[gaps, other], 0.0, 1.0)
    return full
