"""Kyozon's cascade: its verifier over the cheap answers, and its rule for asking on."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from bench.routing.methods import Answered, FittedCascade, Followed, Opened, Training
from bench.routing.recordings import Bools, Floats
from kyozon.routing.cascade import Opinion, weigh
from kyozon.routing.verifying import answered as verifying
from kyozon.routing.verifying.features import NAMES, OF_PROMPT, log_odds, row
from kyozon.routing.verifying.verifier import Verifier
from kyozon.trainers.verifier import fitting
from kyozon.trainers.verifier.cases import Case
from kyozon.trainers.verifier.expecting import Expecting, expecting

_SLOTS = [NAMES.index(name) for name in OF_PROMPT]
_RATES = (*(-np.geomspace(0.5, 0.001, 30)).tolist(), 0.0, *np.geomspace(0.001, 2, 70).tolist())


class Verified:
    """The dearest of the cheap models answers; the others are asked for a second opinion where that is worth its cost.

    The setting is the rate of exchange: the quality that the mean cost of a call to the strong model must bring.
    """

    name, vectors = "Kyozon", False
    settings: Sequence[float] = _RATES

    def fit(self, training: Training, answered: Answered) -> FittedCascade:
        """Fit the verifier to every answer, as it looks with no, one, … second opinions."""
        scores, items = training.target.table.scores, training.target.table.items
        folds = np.array([item.fold for item in items])
        hopes, expected = expecting(answered.prompts.texts, scores[:, -2:], folds)
        cases = [
            Case(_features(answered, place, others, expected[place]), own, strong, item.id, others, item.fold)
            for place, (item, own, strong) in enumerate(
                zip(items, scores[:, -2].tolist(), scores[:, -1].tolist(), strict=True)
            )
            for others in range(len(answered.outputs))
        ]
        verifier = Verifier.read(fitting.fit(cases))
        return _Fitted(verifier, hopes, answered.costs.mean(axis=0))


class _Fitted:
    def __init__(self, verifier: Verifier, hopes: Expecting, costs: Floats) -> None:
        self._verifier, self._hopes, self._costs = verifier, hopes, costs

    def open(self, answered: Answered) -> Opened:
        expected = np.array([self._hopes.of(text) for text in answered.prompts.texts]).reshape(-1, 2)
        return _Opened(self._verifier, answered, expected, self._costs / self._costs[-1])


class _Opened:
    """Requests, judged at each stage: `good` and `stronger` are n by stages."""

    def __init__(self, verifier: Verifier, answered: Answered, expected: Floats, costs: Floats) -> None:
        self._verifier, self._costs, stages = verifier, costs, len(answered.outputs)
        number = len(answered.prompts.texts)
        verdicts = [
            [verifier.judge(_shown(answered, place, others, expected[place])) for others in range(stages)]
            for place in range(number)
        ]
        self._good = np.array([[one.good for one in line] for line in verdicts]).reshape(number, stages)
        self._stronger = np.array([[one.stronger for one in line] for line in verdicts]).reshape(number, stages)

    @property
    def need(self) -> Floats:
        return np.asarray(self._stronger[:, -1] - self._good[:, -1])

    def follow(self, setting: float) -> Followed:
        number, stages = self._good.shape
        strong, first = stages, stages - 1
        paid = np.zeros((number, stages + 1), bool)
        paid[:, first] = True
        choice = np.full(number, first)
        waiting: Bools = np.ones(number, bool)
        for others in range(stages):
            worth = weigh(self._good[:, others], self._stronger[:, others] - setting, self._opinions(others), setting)
            accept = worth.accept >= np.maximum(worth.ask, worth.escalate)
            escalate = waiting & ~accept & (worth.escalate >= worth.ask)
            choice[escalate], paid[escalate, strong] = strong, True
            waiting &= ~(accept | escalate)
            if others < first:
                paid[waiting, first - 1 - others] = True
        return Followed(choice, paid)

    def _opinions(self, others: int) -> list[Opinion]:
        """Those that can still be asked, the dearer first."""
        found = []
        for place in range(others, len(self._costs) - 2):
            move = self._verifier.move(place)
            if move is not None:
                found.append(Opinion(float(self._costs[-3 - place]), move))
        return found


def _shown(answered: Answered, place: int, others: int, expected: Floats) -> verifying.Answered:
    """An answer beside so many second opinions."""
    first, *rest = (outputs[place] for outputs in reversed(answered.outputs))
    return verifying.Answered(answered.prompts.texts[place], first, tuple(rest[:others]), *expected.tolist())


def _features(answered: Answered, place: int, others: int, expected: Floats) -> Floats:
    """What the verifier looks at; what comes from the words alone is read only once for all fits."""
    shown = _shown(answered, place, others, expected)
    found = _of_words(shown.prompt, shown.answer, shown.others).copy()
    found[_SLOTS] = [log_odds(one) for one in expected.tolist()]
    return found


@cache
def _of_words(prompt: str, answer: str, others: tuple[str, ...]) -> Floats:
    return row(verifying.Answered(prompt, answer, others))
