"""How well a new model is known by its card, and by few results: against its recorded scores on unseen questions."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from bench.learning.newcomers import NEW, OWN, TEST, Item, Newcomers, means
from bench.report import Table
from kyozon.routing.estimating.joining import Result, joined
from kyozon.routing.estimating.quality_model import QualityModel

COUNTS = (10, 30, 100, 300)
DRAWS = 4
ENOUGH = 25
"""Questions of a domain from which a model's true mean there is taken."""


class Known(Struct, frozen=True):
    """How well the newcomers are known: means over models and draws.

    `error` is that of the expected mean score of a model, `domain_error` that of one domain; `width` is that of the 90 %
    interval, and `covered` the share of domains whose true mean lies within it.
    """

    by: str
    error: float
    domain_error: float
    width: float
    covered: float


class _Case(Struct, frozen=True):
    error: float
    width: float
    domains: tuple[tuple[float, bool], ...]


def known(newcomers: Newcomers) -> list[Known]:
    """By the card alone, by so many results, and by all results of three fifths of the questions."""
    found = [_known("card", [_case(newcomers, newcomers.model, name) for name in NEW])]
    for count in COUNTS:
        cases = [_case(newcomers, _joined(newcomers, name, count, draw), name) for name in NEW for draw in range(DRAWS)]
        found.append(_known(str(count), cases))
    return [*found, _known("all", [_case(newcomers, newcomers.informed, name, again=True) for name in NEW])]


def metrics(found: Sequence[Known]) -> dict[str, float]:
    """The figures by name."""
    flat: dict[str, float] = {}
    for one in found:
        stem = f"join.{one.by}"
        flat |= {f"{stem}.error": one.error, f"{stem}.domain_error": one.domain_error}
        flat |= {f"{stem}.width": one.width, f"{stem}.coverage": one.covered}
    return flat


def table(found: Sequence[Known]) -> Table:
    """The table of the page."""
    names = {"card": "its card alone", "all": "all results of three fifths of the questions, in the fit"}
    return Table(
        title=f"A new model: {len(NEW)} models that the fit has never heard of",
        columns=("known by", "error of its mean score", "in one domain", "width of the 90 % interval", "coverage"),
        align="lrrrr",
        rows=tuple(
            (
                names.get(one.by, f"{one.by} results"),
                f"{one.error:.3f}",
                f"{one.domain_error:.3f}",
                f"{one.width:.2f}",
                f"{one.covered:.0%}",
            )
            for one in found
        ),
        note=(
            "Mean absolute errors, on questions that neither the fit nor the results have seen; the results are drawn "
            f"{DRAWS} times. Coverage is that of the true mean of a domain, where there are {ENOUGH} questions of it."
        ),
    )


def _joined(newcomers: Newcomers, name: str, count: int, draw: int) -> QualityModel:
    items = newcomers.of(OWN, name)
    chosen = np.random.default_rng([count, draw]).permutation(len(items))[:count].tolist()
    results = [Result(items[place].text, *items[place].results[name]) for place in chosen]
    return joined(newcomers.model, newcomers.card(name), results)


def _case(newcomers: Newcomers, model: QualityModel, name: str, *, again: bool = False) -> _Case:
    """`again` where the model sees a question otherwise than the one without newcomers."""
    items, card = newcomers.of(TEST, name), newcomers.card(name)
    estimates = [model.estimate(model.look(item.text) if again else item.seen, card) for item in items]
    scores = np.array([item.results[name][0] for item in items])
    quality, low, high = means(estimates)
    domains = []
    for rows in _by_domain(items):
        expected, least, most = means([estimates[row] for row in rows])
        true = float(scores[rows].mean())
        domains.append((abs(expected - true), least <= true <= most))
    return _Case(abs(quality - float(scores.mean())), high - low, tuple(domains))


def _by_domain(items: Sequence[Item]) -> list[list[int]]:
    rows: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        rows.setdefault(item.domain, []).append(place)
    return [found for found in rows.values() if len(found) >= ENOUGH]


def _known(by: str, cases: Sequence[_Case]) -> Known:
    domains = [each for case in cases for each in case.domains]
    return Known(
        by,
        float(np.mean([case.error for case in cases])),
        float(np.mean([error for error, _ in domains])),
        float(np.mean([case.width for case in cases])),
        float(np.mean([held for _, held in domains])),
    )
