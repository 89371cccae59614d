"""What a prompt's vector says: kernel ridge regression on nearness to a few hundred centres (Nyström, Williams 2001)."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.eye import Meaning, turned

Numbers = NDArray[np.float64]

STRENGTH = 12.0
CENTRES = 512


class Said(Struct, frozen=True, eq=False):
    """The regression on all rows, and what those on the other folds say of each row (n by T)."""

    meaning: Meaning
    out_of_fold: Numbers


def meant(vectors: NDArray[np.float32], targets: Numbers, fold: NDArray[np.int64], count: int = CENTRES) -> Said:
    """Fit on rows that all have a vector; a target is NaN where it is unknown.

    The centres are means of many prompts each (k-means), so that no prompt's own vector is kept.
    """
    middle = vectors.mean(axis=0).astype(np.float32)
    rows = turned(vectors, middle)
    centres = _centres(rows, min(count, len(rows) // 4))
    blank = Meaning(middle, centres, np.zeros((len(centres), targets.shape[1])), np.zeros(targets.shape[1]))
    near = blank.near(vectors)
    calm = STRENGTH * blank.between()
    said, weights, means = np.zeros_like(targets), np.zeros((len(centres), targets.shape[1])), np.zeros(targets.shape[1])
    masks: dict[bytes, list[int]] = {}
    for place, column in enumerate(targets.T):
        masks.setdefault(np.isnan(column).tobytes(), []).append(place)
    for places in masks.values():
        known = ~np.isnan(targets[:, places[0]])
        for each in np.unique(fold).tolist():
            weight, mean = _solved(near[known & (fold != each)], targets[known & (fold != each)][:, places], calm)
            said[np.ix_(fold == each, places)] = near[fold == each] @ weight + mean
        weights[:, places], means[places] = _solved(near[known], targets[known][:, places], calm)
    return Said(Meaning(middle, centres, weights, means), said)


def _solved(near: Numbers, targets: Numbers, calm: Numbers) -> tuple[Numbers, Numbers]:
    if not len(near):
        return np.zeros((near.shape[1], targets.shape[1])), np.full(targets.shape[1], 0.5)
    mean = targets.mean(axis=0)
    bend = near.T @ near + calm + 1e-6 * np.eye(len(calm))
    return np.linalg.solve(bend, near.T @ (targets - mean)), mean


def _centres(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Spherical k-means from evenly spread rows; the same rows give the same centres."""
    centres = rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]
    for _ in range(6):
        nearest = (rows @ centres.T).argmax(axis=1)
        total = np.zeros_like(centres)
        np.add.at(total, nearest, rows)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        centres = np.where(length > 0, total / np.maximum(length, 1e-9), centres)
    return centres
