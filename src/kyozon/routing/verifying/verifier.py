"""The verifier: the probability that an answer is good, and that a stronger model's would be, from one row of features.

A linear model and a few small trees are asked and their log-odds averaged: the first holds with little data, the second
sees which features matter only together.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kyozon.domain.cascades import Foresight
from kyozon.routing.estimating.contents import Packed, unpacked
from kyozon.routing.estimating.forest import Forest
from kyozon.routing.verifying.answered import Answered
from kyozon.routing.verifying.families import AGREEMENT, together
from kyozon.routing.verifying.features import NAMES, row

FORMAT = 2
HEADS = 2
_FAR = 4.0
_REASONS = 3
_DIGITS = 3


class Move(Struct, frozen=True):
    """How one more answer moves the log-odds of being good: to `slope` times them plus `shift`, give or take `spread`."""

    slope: float
    shift: float
    spread: float


class Verdict(Struct, frozen=True):
    """Of one answer: the probability that it is `good`, and that the stronger model's answer would be (`stronger`).

    `reasons` are the kinds of features that mattered most, the strongest first, and what each adds to the log-odds of
    being good in the linear model, beside the usual answer. What other answers say is among them where there are such.
    """

    good: float
    stronger: float
    reasons: tuple[tuple[str, float], ...] = ()


class Contents(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: what each feature is scaled by, the two heads (good, stronger), and the moves.

    `foresight` is the move by the answer itself, from what was expected of the prompt; `moves` are those by further
    answers, by how many there are already.
    """

    format: int
    names: tuple[str, ...]
    means: Packed
    spreads: Packed
    weights: Packed
    bias: tuple[float, float]
    forest: dict[str, Packed]
    depth: int
    slopes: tuple[float, float]
    shifts: tuple[float, float]
    moves: tuple[Move, ...]
    foresight: Foresight


class Verifier:
    """Judges answers by their words. `version` is a hash of the file's bytes."""

    def __init__(self, contents: Contents, version: str) -> None:
        """Raises `ValueError` for contents whose parts do not fit together."""
        if contents.format != FORMAT or contents.names != NAMES:
            raise ValueError("the verifier was fitted for other features than this version looks at; fit it again")
        self.version = version
        self.moves = contents.moves
        self.foresight = contents.foresight
        self._means, self._spreads = _wide(contents.means), _wide(contents.spreads)
        self._weights = _wide(contents.weights).reshape(HEADS, -1)
        self._bias, self._slopes, self._shifts = (
            np.array(each) for each in (contents.bias, contents.slopes, contents.shifts)
        )
        self._forest = _forest(contents)
        if not len(self._means) == len(self._spreads) == self._weights.shape[1] == len(NAMES):
            raise ValueError("the verifier's arrays differ in length")

    @classmethod
    def read(cls, raw: bytes) -> "Verifier":
        """Raises `ValueError` for bytes that are no verifier of this version."""
        try:
            contents = msgspec.msgpack.decode(raw, type=Contents)
        except msgspec.MsgspecError as error:
            raise ValueError(f"no verifier: {error}") from error
        return cls(contents, hashlib.sha256(raw).hexdigest()[:16])

    def accept_probability(self, answered: Answered) -> float:
        """The probability that the answer is good."""
        return self.judge(answered).good

    def judge(self, answered: Answered) -> Verdict:
        """Both probabilities, and what mattered."""
        scaled = self._scaled(row(answered))
        good, stronger = self._log_odds(scaled).tolist()
        effects = zip(NAMES, (self._weights[0] * scaled).tolist(), strict=True)
        return Verdict(_sigmoid(good), _sigmoid(stronger), _reasons(effects, beside=bool(answered.others)))

    def move(self, others: int) -> Move | None:
        """How one more answer moves the verdict where so many others are there already; None where that is not known."""
        return self.moves[min(others, len(self.moves) - 1)] if self.moves else None

    def _scaled(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features of mean 0 and spread 1; what is unknown is 0 and so weighs nothing in the linear model."""
        return scaled(features, self._means, self._spreads)

    def _log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        linear = self._weights @ features + self._bias
        grown = self._forest.sums(features.astype(np.float32))
        return np.asarray((linear + grown) / 2 * self._slopes + self._shifts)


def _reasons(effects: Iterable[tuple[str, float]], *, beside: bool) -> tuple[tuple[str, float], ...]:
    """The strongest; with other answers `beside`, what these say is the last of them at least."""
    found = together(effects)
    if not beside:  # that nobody was asked is no reason
        found.pop(AGREEMENT)
    order = sorted(found, key=lambda name: -abs(found[name]))
    most = order[:_REASONS]
    if beside and AGREEMENT not in most:
        most[-1] = AGREEMENT
    return tuple((name, round(found[name], _DIGITS)) for name in most if round(found[name], _DIGITS))


def scaled(features: NDArray[np.float64], means: NDArray[np.float64], spreads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of features scaled and kept within 4 spreads; NaN becomes 0."""
    return np.nan_to_num(np.clip((features - means) / spreads, -_FAR, _FAR))


def _wide(part: Packed) -> NDArray[np.float64]:
    return unpacked(part).astype(np.float64)


def _forest(contents: Contents) -> Forest:
    parts: dict[str, Any] = {name: unpacked(part) for name, part in contents.forest.items()}
    ready = {name: part.astype(np.float32 if part.dtype.kind == "f" else np.intp) for name, part in parts.items()}
    try:
        forest = Forest(**ready, depth=contents.depth, width=HEADS)
    except TypeError as error:
        raise ValueError(f"the verifier's forest is not whole: {error}") from error
    trouble = forest.trouble(len(NAMES))
    if trouble or not 0 <= contents.depth <= 64:  # noqa: PLR2004 - no fit grows deeper
        raise ValueError(trouble or f"the verifier's trees are {contents.depth} deep")
    return forest


def _sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(log_odds, -30.0), 30.0)))
