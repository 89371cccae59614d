"""How high the ceiling is: what one would reach who knew more of a question than its words, but not the two answers.

*Subject*: the true mean result of each model in the question's category, taken of the test itself. *Difficulty*: which
share of all other models that were asked the same question got it right, in whatever source; what that says of the pool's
models is learnt on the other folds. *Both*: a regression on the two.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from bench.routing.methods import Predicted
from bench.routing.metrics import curve
from bench.routing.pools import JUDGE, Task
from bench.routing.recordings import Floats, Table
from bench.routing.rules import Exchange, outcome, single
from bench.routing.world import Case
from kyozon.routing.estimating.facts import plain_name

_BINS = 10
_FEWEST = 100
"""Where fewer questions were put to other models, too, nothing is said."""
SUBJECT, DIFFICULTY, BOTH = "subject", "difficulty", "both"


class Ceiling(Struct, frozen=True):
    """By what is known: the APGR of a pair, or of more models the least cost share that reaches the headline's quality.

    `items` are those that other models answered, too, the ones that it is measured on.
    """

    task: Task
    items: int
    reached: Mapping[str, float]


def ceiling(task: Task, case: Case, best: int, tables: Sequence[Table]) -> Ceiling | None:
    """The ceilings of a task on its own items; `None` where too few of them were put to other models."""
    hard = _difficulty(case, tables)
    rows = np.flatnonzero(~np.isnan(hard))
    if len(rows) < _FEWEST:
        return None
    some, hard = case.rows(rows), hard[rows]
    subject = _means(some)
    levels = np.searchsorted(np.quantile(hard, np.linspace(0, 1, _BINS + 1)[1:-1]), hard)
    known = {
        SUBJECT: subject,
        DIFFICULTY: _crossed(np.eye(_BINS)[levels], some),
        BOTH: _crossed(np.column_stack((subject, np.eye(_BINS)[levels])), some),
    }
    return Ceiling(task, len(rows), {name: _reached(task, some, quality, best) for name, quality in known.items()})


def stem(prompt: str) -> str:
    """A question without its options, so that equal ones of two sources are found."""
    return " ".join(prompt.partition("\nA. ")[0].lower().split())


def _difficulty(case: Case, tables: Sequence[Table]) -> Floats:
    """The mean score of all other models on each question; NaN where there is none."""
    pool = {plain_name(model) for model in case.task.pool}
    found: dict[str, list[float]] = {}
    for table in tables:
        others = [place for place, model in enumerate(table.models) if plain_name(model) not in pool]
        if not others or ("/" in table.source and not table.source.endswith(JUDGE)):
            continue
        for item, scores in zip(table.items, table.scores[:, others], strict=True):
            told = scores[~np.isnan(scores)]
            if len(told):
                found.setdefault(stem(item.prompt), []).append(float(told.mean()))
    means = {question: float(np.mean(values)) for question, values in found.items()}
    return np.array([means.get(stem(item.prompt), np.nan) for item in case.table.items])


def _means(case: Case) -> Floats:
    categories, which = np.unique(case.table.column(lambda item: item.category), return_inverse=True)
    means = [case.table.scores[which == place].mean(axis=0) for place in range(len(categories))]
    return np.array(means)[which]


def _crossed(features: Floats, case: Case) -> Floats:
    """What a regression on the other folds says of each model's score."""
    folds, said = case.table.folds, np.zeros(case.table.scores.shape)
    for fold in np.unique(folds):
        out = folds == fold
        bend = features[~out].T @ features[~out] + 1e-3 * np.eye(features.shape[1])
        said[out] = features[out] @ np.linalg.solve(bend, features[~out].T @ case.table.scores[~out])
    return said


def _reached(task: Task, case: Case, quality: Floats, best: int) -> float:
    scores = case.table.scores
    if task.kind != "many":
        return curve(quality[:, -1] - quality[:, -2], scores[:, -2], scores[:, -1]).apgr
    price = np.tile(case.cost.mean(axis=0), (len(scores), 1))
    predicted, rule = Predicted(quality, quality, price), Exchange()
    tried = [
        outcome(single(rule.choose(predicted, price, setting), len(task.pool)), scores, case.cost, best)
        for setting in rule.settings([predicted])
    ]
    return min((one.cost_share for one in tried if one.quality_ratio >= task.headline), default=1.0)
