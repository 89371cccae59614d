"""Kyozon's own estimators and verifier, fitted and asked by the product's own code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np

from bench.routing.entrants import After, Entrant, before
from bench.routing.methods import Lesson, Predicted, Prompts, Router, Training
from bench.routing.pools import JUDGE, TASKS, Task
from bench.routing.recordings import Price
from bench.routing.rules import Exchange, Goal, Threshold
from bench.routing.verified import Verified
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.trainers.quality import fitting as quality
from kyozon.trainers.quality.observations import Observation

NAME, VECTORS, BALANCED = "Kyozon", "Kyozon with vectors", "Kyozon's estimates, best balance"
_MANY = 500
"""A model with so many results gets trees of its own."""
_CATEGORISED = 20
"""A category with so many items is a domain of its own."""


class Estimates:
    """The quality model, from the prompt's words, and with its vector where one is computed."""

    told = False

    def __init__(self, *, vectors: bool) -> None:
        self.vectors = vectors
        self.name = VECTORS if vectors else NAME

    def fit(self, training: Training) -> Router:
        """Fit on everything, once for all tasks that may learn from the same."""
        return _Estimates(quality_model(training, vectors=self.vectors), training.pool, vectors=self.vectors)


class _Estimates:
    def __init__(self, model: QualityModel, pool: Sequence[str], *, vectors: bool) -> None:
        self._model, self._pool, self._vectors = model, pool, vectors

    def predict(self, prompts: Prompts) -> Predicted:
        vectors = prompts.vectors.tolist() if self._vectors else [None] * len(prompts.texts)
        rows = [self._one(text, vector) for text, vector in zip(prompts.texts, vectors, strict=True)]
        found = np.array(rows).reshape(-1, len(self._pool), 4)
        return Predicted(found[:, :, 0], found[:, :, 1], found[:, :, 2], support=found[:, 0, 3])

    def _one(self, text: str, vector: Sequence[float] | None) -> list[tuple[float, float, float, float]]:
        seen = self._model.look(text, vector)
        estimates = [self._model.expected(seen, name) for name in self._pool]
        return [(one.quality, one.low, float(one.output_tokens or 0), one.support) for one in estimates]


def product(task: Task, prices: Mapping[str, Price]) -> list[Entrant]:
    """What Kyozon enters in a task."""
    if task.kind == "cascade":
        return [After(Verified(), NAME, vectors=False, task=task, prices=prices)]
    words, both = Estimates(vectors=False), Estimates(vectors=True)
    if task.kind == "many":
        return [before(words, Goal()), before(words, Exchange(), BALANCED), before(both, Goal())]
    return [before(words, Threshold()), before(both, Threshold())]


def quality_model(training: Training, *, vectors: bool) -> QualityModel:
    """Fitted on everything of a training; kept, since equal keys mean equal training."""
    anchors = _anchors(training)
    key = ("quality", training.key, anchors, vectors)
    if key not in training.store:
        made = [one for lesson in training.everything for one in observations(lesson, vectors=vectors)]
        training.store[key] = quality.fit(made, quality.Options(anchors=anchors))
    model: QualityModel = training.store[key]
    return model


def _anchors(training: Training) -> tuple[str, ...]:
    """The models that get trees of their own: of all tasks that learn from the same, so that one fit does for them."""
    counts: Counter[str] = Counter()
    for lesson in training.everything:
        scores = lesson.table.scores
        counts.update(dict(zip(lesson.table.models, np.isfinite(scores).sum(axis=0).tolist(), strict=True)))
    shared = dict.fromkeys(model for task in TASKS if task.learn == "folds" for model in task.pool)
    wanted = shared if training.pool[0] in shared and training.key.startswith("without") else training.pool
    return tuple(model for model in wanted if counts[model] >= _MANY)


def observations(lesson: Lesson, *, vectors: bool) -> list[Observation]:
    """The items of a table, as the product learns from them; of several judges only one is believed."""
    table = lesson.table
    if "/" in table.source and not table.source.endswith(JUDGE):
        return []
    names = [f"{item.benchmark}:{item.category}" for item in table.items]
    sizes = Counter(names)
    made = []
    for place, (item, name) in enumerate(zip(table.items, names, strict=True)):
        marks = zip(table.models, table.scores[place].tolist(), table.tokens[place].tolist(), strict=True)
        results = {
            model: (score, None if isnan(tokens) else int(tokens)) for model, score, tokens in marks if not isnan(score)
        }
        vector = lesson.prompts.vectors[place]
        own = vector.astype(np.float32) if vectors and np.isfinite(vector).all() else None
        domain = name if sizes[name] >= _CATEGORISED else item.benchmark
        made.append(Observation(item.prompt, domain, results, own, item.fold))
    return made
