"""Fits a verifier. Its calibration and its moves come from what each fold's fit says of the fold it has not seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct, msgpack
from numpy.typing import NDArray

from kyozon.domain.cascades import Foresight
from kyozon.routing.estimating.contents import packed
from kyozon.routing.estimating.forest import Forest
from kyozon.routing.verifying.features import NAMES, OF_PROMPT
from kyozon.routing.verifying.verifier import FORMAT, HEADS, Contents, Move, scaled
from kyozon.trainers.quality.boosting import Growth, boosted, forest_of, said
from kyozon.trainers.verifier.cases import Case, Numbers, Places, Table, tabled

_SLOTS = (*OF_PROMPT, "stopped by its limit", "log-probability", "least log-probability")
_PENALTY = 0.02
_BLANKED = 0.25
_FEWEST_PAIRS = 30
_NEWTON = 30
_STILL = 1e-7
_PARTS = ("feature", "threshold", "left", "right", "value", "roots", "targets")


class Options(Struct, frozen=True):
    """How to fit. `seed` picks which cases are shown once more without what does not come from their words."""

    penalty: float = _PENALTY
    rounds: int = 200
    leaves: int = 15
    seed: int = 0


class _Heads(Struct, frozen=True, eq=False):
    """Two linear models (2 by k, 2) and two boosters, or None for a head without targets."""

    weights: Numbers
    bias: Numbers
    boosters: list[list[Any]]

    def log_odds(self, features: Numbers) -> Numbers:
        """N by 2."""
        linear = features @ self.weights.T + self.bias
        narrow = features.astype(np.float32)
        grown = [said(boosters, narrow) if boosters else np.zeros(len(narrow)) for boosters in self.boosters]
        return np.asarray((linear + np.column_stack(grown)) / 2)


def fit(cases: Sequence[Case], options: Options | None = None) -> bytes:
    """The file of a verifier; the same cases give the same bytes. Raises `ValueError` for what cannot be learnt from."""
    chosen = options or Options()
    table = tabled(cases)
    means, spreads = _scale(table.features)
    features = scaled(table.features, means, spreads)
    unseen = np.zeros((len(features), HEADS))
    for fold in np.unique(table.fold).tolist():
        out = table.fold == fold
        unseen[out] = _heads(features[~out], table.targets[~out], chosen).log_odds(features[out])
    slopes, shifts = zip(*(_calibration(unseen[:, head], table.targets[:, head]) for head in range(HEADS)), strict=True)
    odds = unseen * slopes + shifts
    heads = _heads(features, table.targets, chosen)
    forest = forest_of(heads.boosters)
    contents = Contents(
        format=FORMAT,
        names=NAMES,
        means=packed(means.astype(np.float32)),
        spreads=packed(spreads.astype(np.float32)),
        weights=packed(heads.weights.astype(np.float32)),
        bias=(float(heads.bias[0]), float(heads.bias[1])),
        forest={part: packed(_narrow(forest, part)) for part in _PARTS},
        depth=forest.depth,
        slopes=slopes,
        shifts=shifts,
        moves=_moves(table, odds[:, 0]),
        foresight=_foresight(table, odds),
    )
    return msgpack.encode(contents)


def _scale(features: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and spread of each feature where it is known; 0 and 1 where it never is, or never differs."""
    known = ~np.isnan(features)
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, features, 0).sum(axis=0) / count
    spreads = np.sqrt(np.where(known, (features - means) ** 2, 0).sum(axis=0) / count)
    return means, np.where(spreads < 1e-6, 1.0, spreads)  # noqa: PLR2004 - a constant but for rounding


def _heads(features: Numbers, targets: Numbers, options: Options) -> _Heads:
    """The head of the stronger model is held tighter: its answer was not seen."""
    shown, wanted = _with_blanks(features, targets, options.seed)
    weights, bias = np.zeros((HEADS, features.shape[1])), np.zeros(HEADS)
    boosters: list[list[Any]] = []
    for head, caution in ((0, 1), (1, 4)):
        known = ~np.isnan(wanted[:, head])
        if len(np.unique(wanted[known, head])) < 2:  # noqa: PLR2004 - one score teaches nothing
            boosters.append([])
            continue
        weights[head], bias[head] = _linear(shown[known], wanted[known, head], options.penalty / caution)
        boosters.append(
            boosted(shown.astype(np.float32), wanted[:, head], _growth(int(known.sum()), options), "cross_entropy")
        )
    return _Heads(weights, bias, boosters)


def _growth(cases: int, options: Options) -> Growth:
    """More and larger trees where there is more to learn from."""
    few = max(2, min(options.leaves, cases // 250))
    return Growth(rounds=max(20, min(options.rounds, cases // 40)), leaves=few, least=max(5, min(40, cases // 50)))


def _with_blanks(features: Numbers, targets: Numbers, seed: int) -> tuple[Numbers, Numbers]:
    """The cases, and some once more as they look where nothing is known but the words."""
    picked = np.random.default_rng(seed).random(len(features)) < _BLANKED
    blank = features[picked].copy()
    blank[:, [NAMES.index(name) for name in _SLOTS]] = 0.0
    return np.vstack([features, blank]), np.vstack([targets, targets[picked]])


def _linear(features: Numbers, target: Numbers, penalty: float) -> tuple[Numbers, float]:
    """Logistic regression on scores between 0 and 1, by Newton's method; the intercept is not drawn to 0."""
    design = np.column_stack([features, np.ones(len(features))])
    held = np.append(np.full(features.shape[1], 1 / penalty), 1e-9)
    found = np.zeros(design.shape[1])
    for _ in range(_NEWTON):
        said = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        curve = (design * (said * (1 - said))[:, None]).T @ design + np.diag(held)
        step = np.linalg.solve(curve, design.T @ (target - said) - held * found)
        found += step
        if np.abs(step).max() < _STILL:
            break
    return found[:-1], float(found[-1])


def _calibration(odds: Numbers, target: Numbers) -> tuple[float, float]:
    """Slope and shift that make log-odds honest (Platt 1999); 1 and 0 where nothing is known, or they say nothing."""
    known = ~np.isnan(target)
    if len(np.unique(target[known])) < 2:  # noqa: PLR2004 - one score teaches nothing
        return 1.0, 0.0
    weights, bias = _linear(odds[known, None], target[known], 1e3)
    return (float(weights[0]), bias) if weights[0] > 0 else (1.0, 0.0)


def _moves(table: Table, odds: Numbers) -> tuple[Move, ...]:
    """From each number of other answers to the next, by the answers that were seen with both."""
    moves: list[Move] = []
    for others in range(int(table.others.max())):
        before, after = _pairs(table, others)
        if len(before) < _FEWEST_PAIRS:
            break
        slope, shift = np.polyfit(odds[before], odds[after], 1)
        spread = np.std(odds[after] - slope * odds[before] - shift)
        moves.append(Move(float(slope), float(shift), float(spread)))
    return tuple(moves)


def _foresight(table: Table, odds: Numbers) -> Foresight:
    """How far looks surely move what was expected: in three sources of four they move it more, and the tie is looser."""
    expected = table.features[:, [NAMES.index(name) for name in OF_PROMPT]]
    alone = (table.others == 0) & ~np.isnan(expected).any(axis=1)
    each = [alone & (np.array(table.source) == source) for source in sorted(set(table.source))]
    moves = [_moved(expected[of], odds[of]) for of in each if of.sum() >= _FEWEST_PAIRS]
    if not moves:
        return Foresight(0.0, 0.0)
    spreads, ties = np.array(moves).T
    return Foresight(float(np.quantile(spreads, 0.25)), float(np.quantile(ties, 0.75)))


def _moved(expected: Numbers, odds: Numbers) -> tuple[float, float]:
    """The spread of log-odds around what was expected of the prompts, and how far the stronger model's follow."""
    design = np.column_stack([expected, np.ones(len(expected))])
    own, stronger = (odds - design @ np.linalg.lstsq(design, odds)[0]).T
    return float(np.std(own)), float(own @ stronger / max(float(own @ own), _STILL))


def _pairs(table: Table, others: int) -> tuple[Places, Places]:
    """The places of the same answers with so many others and with one more."""
    later = {table.about[place]: place for place in np.flatnonzero(table.others == others + 1).tolist()}
    earlier = [place for place in np.flatnonzero(table.others == others).tolist() if table.about[place] in later]
    return np.array(earlier, dtype=np.int64), np.array([later[table.about[place]] for place in earlier], dtype=np.int64)


def _narrow(forest: Forest, part: str) -> NDArray[Any]:
    array = np.asarray(getattr(forest, part))
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
