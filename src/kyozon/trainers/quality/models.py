"""What is known of each model: its place among the tiers, its departures by domain, how long it writes, and the prior."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kyozon.routing.estimating.abilities import Ability, departures, narrowed, odds_at
from kyozon.routing.estimating.contents import Known, packed
from kyozon.routing.estimating.facts import NAMES, Facts, row_of
from kyozon.trainers.quality.observations import Table

Numbers = NDArray[np.float64]

OPEN = Ability(0.7, 1.5)
MOST = 3_000
FEWEST = 20


def known_models(table: Table, tiers: Numbers, lengths: Numbers, anchors: tuple[str, ...]) -> tuple[Known, ...]:
    """One entry per model with enough results; `tiers` (n, 3) and `lengths` (n) are what was expected of unseen items."""
    at = {name: place for place, name in enumerate(anchors)}
    order = np.argsort(table.model, kind="stable")
    starts = np.searchsorted(table.model[order], np.arange(len(table.models) + 1))
    found = []
    for place, name in enumerate(table.models):
        rows = order[starts[place] : starts[place + 1]]
        if len(rows) < FEWEST and name not in at:
            continue
        items, scores = table.item[rows], table.score[rows]
        step = max(1, len(rows) // MOST)
        ability = narrowed(OPEN, tiers[items[::step]], scores[::step].tolist())
        effects, counts = departures(table.domain[items], odds_at(ability.place, tiers[items]), scores, len(table.domains))
        found.append(
            Known(
                name=name,
                place=round(ability.place, 4),
                spread=round(ability.spread, 4),
                anchor=at.get(name, -1),
                tokens=_length(table.tokens[rows], lengths[items]),
                effects=packed(effects.astype("<f2")),
                counts=packed(counts.astype("<i4")),
            )
        )
    return tuple(found)


def _length(tokens: Numbers, expected: Numbers) -> float | None:
    """By what (a logarithm) its answers are longer than expected of any model: the sum of tokens comes out right."""
    known = ~np.isnan(tokens)
    if not known.any():
        return None
    return round(float(np.log(max(tokens[known].sum(), 1.0)) - np.log(np.exp(expected[known]).sum())), 4)


def prior_of(models: tuple[Known, ...], facts: Mapping[str, Facts]) -> tuple[tuple[float, ...], float]:
    """Ability regressed on the facts of known models (ridge), and the spread of what it leaves unexplained.

    A model without facts still has a name, which may tell its size.
    """
    told = [(facts.get(model.name) or Facts(model.name), model.place) for model in models]
    if len(told) < len(NAMES):
        places = [model.place for model in models]
        return (float(np.mean(places)) if places else OPEN.place, *(0.0 for _ in NAMES[1:])), OPEN.spread
    rows = np.array([row_of(each) for each, _ in told])
    goal = np.array([place for _, place in told])
    calm = np.eye(len(NAMES)) * 2.0
    calm[0, 0] = 0.01
    weights = np.linalg.solve(rows.T @ rows + calm, rows.T @ goal)
    spread = float(np.sqrt(np.mean((goal - rows @ weights) ** 2)) * 1.25)
    return tuple(round(float(weight), 5) for weight in weights), max(round(spread, 4), 0.3)
