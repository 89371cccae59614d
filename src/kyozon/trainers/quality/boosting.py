"""Gradient-boosted trees (Friedman 2001), fitted by LightGBM and laid out as the arrays that are walked at run time."""

from typing import Any

import lightgbm
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.routing.estimating.forest import Forest

Numbers = NDArray[np.float64]


class Growth(Struct, frozen=True):
    """How trees are grown. Small and slow: the data are noisy."""

    rounds: int = 200
    rate: float = 0.03
    leaves: int = 7
    depth: int = 6
    least: int = 40
    bags: int = 1
    seed: int = 0

    def settings(self, objective: str, bag: int) -> dict[str, Any]:
        """LightGBM's names for it. One thread and fixed seeds: the same data give the same trees."""
        return {
            "objective": objective,
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": self.least,
            "feature_fraction": 0.3,
            "bagging_fraction": 0.5,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "seed": self.seed + bag,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }


def boosted(features: NDArray[np.float32], target: Numbers, growth: Growth, objective: str) -> list[lightgbm.Booster]:
    """One booster per bag, on the rows whose target is known; none where they are too few to split.

    `cross_entropy` takes targets from 0 to 1.
    """
    known = ~np.isnan(target)
    if known.sum() < 2 * growth.least:
        return []
    rows, values = features[known], target[known]
    return [
        lightgbm.train(growth.settings(objective, bag), lightgbm.Dataset(rows, values), num_boost_round=growth.rounds)
        for bag in range(growth.bags)
    ]


def said(boosters: list[lightgbm.Booster], features: NDArray[np.float32]) -> Numbers:
    """Their mean answer, before any link function (log-odds for `cross_entropy`); nought of no booster."""
    if not boosters:
        return np.zeros(len(features))
    return np.asarray(np.mean([each.predict(features, raw_score=True) for each in boosters], axis=0))


def cross_boosted(
    features: NDArray[np.float32], target: Numbers, fold: NDArray[np.int64], growth: Growth, objective: str
) -> tuple[list[lightgbm.Booster], Numbers]:
    """Trees grown on all rows, and what those grown on the other folds say of each row."""
    out_of_fold = np.zeros(len(target))
    for each in np.unique(fold).tolist():
        out = fold == each
        out_of_fold[out] = said(boosted(features[~out], target[~out], growth, objective), features[out])
    return boosted(features, target, growth, objective), out_of_fold


def forest_of(groups: list[list[lightgbm.Booster]]) -> Forest:
    """One group of boosters per target, in order."""
    trunk = _Trunk()
    for target, boosters in enumerate(groups):
        for booster in boosters:
            for tree in booster.dump_model()["tree_info"]:
                trunk.plant(tree["tree_structure"], target, 1 / len(boosters))
    return trunk.forest(len(groups))


class _Trunk:
    """Nodes as they are found."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, float, int, int, float]] = []
        self.roots: list[int] = []
        self.targets: list[int] = []
        self.depth = 1

    def plant(self, root: dict[str, Any], target: int, scale: float) -> None:
        self.roots.append(self._grow(root, scale, 0))
        self.targets.append(target)

    def _grow(self, node: dict[str, Any], scale: float, depth: int) -> int:
        place = len(self.nodes)
        self.depth = max(self.depth, depth)
        if "leaf_value" in node:
            self.nodes.append((0, 0.0, place, place, node["leaf_value"] * scale))
            return place
        self.nodes.append((0, 0.0, place, place, 0.0))
        left = self._grow(node["left_child"], scale, depth + 1)
        right = self._grow(node["right_child"], scale, depth + 1)
        self.nodes[place] = (node["split_feature"], node["threshold"], left, right, node["internal_value"] * scale)
        return place

    def forest(self, width: int) -> Forest:
        columns = list(zip(*self.nodes, strict=True)) or [(), (), (), (), ()]
        return Forest(
            feature=np.array(columns[0], dtype=np.uint8),
            threshold=np.array(columns[1], dtype=np.float32),
            left=np.array(columns[2], dtype=np.int32),
            right=np.array(columns[3], dtype=np.int32),
            value=np.array(columns[4], dtype=np.float32),
            roots=np.array(self.roots, dtype=np.int32),
            targets=np.array(self.targets, dtype=np.int32),
            depth=self.depth,
            width=width,
        )
