"""Learns how anchors stand to each other wherever several have answered (`kyozon.routing.estimating.standing`)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyozon.routing.estimating.abilities import odds_at
from kyozon.trainers.quality.panels import Lesson

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

STRENGTH = 300.0
"""How strongly the slopes are drawn to nought: chosen by leaving out whole benchmarks."""
FEWEST = 50
"""Of a benchmark with fewer questions that anchors have in common nothing is learnt."""


def standing_arrays(lesson: Lesson, tiers: Numbers, places: Sequence[float]) -> dict[str, NDArray[Any]]:
    """The arrays of a file; nothing where no two anchors have answered the same questions.

    What sets anchors apart on a question, less what usually does on its benchmark, is regressed on its form (ridge).
    `tiers` (n, 3) are the tiers' log-odds and `places` the anchors' places among them.
    """
    shapes = lesson.corpus.shapes.astype(np.float64)
    middle, scale = shapes.mean(axis=0), np.maximum(shapes.std(axis=0), 1e-3)
    anchors, width = lesson.scores.shape[1], shapes.shape[1]
    bend, pull = STRENGTH * np.eye(anchors * width), np.zeros((anchors, width))
    for rows, members in _common(lesson):
        form = (shapes[rows] - middle) / scale
        form -= form.mean(axis=0)
        scores = lesson.scores[np.ix_(rows, members)]
        apart = np.eye(len(members)) - 1 / len(members)
        pull[members] += apart @ scores.T @ form
        spread = np.zeros((anchors, anchors))
        spread[np.ix_(members, members)] = apart
        bend += np.kron(spread, form.T @ form)
    if not pull.any():
        return {}
    slopes = np.linalg.solve(bend, pull.ravel()).reshape(anchors, width).T
    usual = [float(np.mean(1 / (1 + np.exp(-odds_at(place, tiers))))) for place in places]
    return {
        "standing usual": np.array(usual, dtype="<f4"),
        "standing middle": middle.astype("<f4"),
        "standing scale": scale.astype("<f4"),
        "standing slopes": slopes.astype("<f4"),
    }


def _common(lesson: Lesson) -> Iterator[tuple[Places, Places]]:
    """The questions of each benchmark that the same anchors have answered, at least two, and which these are."""
    known = ~np.isnan(lesson.scores)
    names = np.array([name.partition(":")[0] for name in lesson.table.domains])[lesson.table.domain]
    for name in np.unique(names):
        own = np.flatnonzero(names == name)
        for mask in np.unique(known[own], axis=0):
            rows, members = own[(known[own] == mask).all(axis=1)], np.flatnonzero(mask)
            if len(members) > 1 and len(rows) >= FEWEST:
                yield rows, members
