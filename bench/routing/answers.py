"""A plain cascade to compare with: a regression on the looks of the cheap answers and on whether they agree."""

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from bench.routing.methods import Answered, Cascade, FittedCascade, Followed, Opened, Training
from bench.routing.recordings import Floats, Ints
from bench.routing.simple import logistic

_NUMBER = re.compile(r"-?\d[\d,]*\.?\d*")
_QUOTED = re.compile(r'"answer"\s*:\s*"?(.*?)"?\s*\}?\s*(?:```)?\s*$', re.DOTALL)
_LETTER = re.compile(r"answer is \(?([A-J])\)?")
_SETTINGS = tuple(np.linspace(0, 1, 101).tolist())


class Looks:
    """All cheap models are asked; their commonest answer is given where it is probable enough to be right."""

    name, vectors = "regression on answers", False
    settings: Sequence[float] = (*(-setting for setting in _SETTINGS[::-1]), *_SETTINGS)

    def fit(self, training: Training, answered: Answered) -> FittedCascade:
        """One regression for the answer that would be given, one for the strong model's."""
        return _Fitted(training, answered)


class _Fitted:
    def __init__(self, training: Training, answered: Answered) -> None:
        scores, rows = training.target.table.scores, np.arange(len(answered.prompts.texts))
        features = self._scaled(looks(answered), first=True)
        self._weak = logistic(features, scores[rows, commonest(answered)], 0.1)
        self._strong = logistic(features, scores[:, -1], 0.1)

    def open(self, answered: Answered) -> Opened:
        features = self._scaled(looks(answered))
        right = self._weak.predict_proba(features)[:, 1]
        return _Opened(self._strong.predict_proba(features)[:, 1] - right, commonest(answered), len(answered.models))

    def _scaled(self, features: Floats, *, first: bool = False) -> Floats:
        if first:
            self._mean, self._spread = features.mean(axis=0), features.std(axis=0) + 1e-9
        return np.asarray((features - self._mean) / self._spread)


class _Opened:
    def __init__(self, need: Floats, given: Ints, models: int) -> None:
        self._need, self._given, self._models = need, given, models

    @property
    def need(self) -> Floats:
        return self._need

    def follow(self, setting: float) -> Followed:
        up = self._need >= -setting
        paid = np.ones((len(up), self._models), bool)
        paid[:, -1] = up
        return Followed(np.where(up, self._models - 1, self._given), paid)


def looks(answered: Answered) -> Floats:
    """Features of the answers (n by k): their form and length, and who agrees with whom."""
    finals = [_finals(outputs) for outputs in answered.outputs]
    columns = [np.log1p([len(text) for text in answered.prompts.texts])]
    for outputs, found in zip(answered.outputs, finals, strict=True):
        columns.append(np.log1p([len(text) for text in outputs]))
        columns.append(np.array([float("####" in text) for text in outputs]))
        columns.append(np.array([float("answer" in text) for text in outputs]))
        columns.append(np.array([float(bool(word)) for word in found]))
        columns.append(np.array([float(word.lstrip("-").isdigit()) for word in found]))
        columns.append(np.array([float(len(_NUMBER.findall(text))) for text in outputs]))
    for one, other in combinations(finals, 2):
        columns.append(np.array([float(a == b != "") for a, b in zip(one, other, strict=True)]))
    return np.column_stack(columns)


def commonest(answered: Answered) -> Ints:
    """Whose answer would be given (n, columns): one of those that most agree on, of the dearest model among them."""
    finals = [_finals(outputs) for outputs in answered.outputs]
    votes = np.array(
        [
            [sum(a == b != "" for b in row) + place / len(row) for place, a in enumerate(row)]
            for row in zip(*finals, strict=True)
        ]
    )
    return np.asarray(np.argmax(votes, axis=1))


def _finals(outputs: Sequence[str]) -> list[str]:
    return [_final(text) for text in outputs]


def _final(text: str) -> str:
    """The final answer: after `####`, in the field `answer`, the letter chosen, or the last number."""
    if "####" in text:
        text = text.rpartition("####")[2]
    else:
        quoted, letters = _QUOTED.search(text), _LETTER.findall(text)
        if quoted:
            return quoted[1].strip().rstrip(",")
        if letters:
            return str(letters[-1])
    numbers = _NUMBER.findall(text)
    return numbers[-1].replace(",", "").rstrip(".") if numbers else ""


CASCADES: Sequence[Cascade] = (Looks(),)
