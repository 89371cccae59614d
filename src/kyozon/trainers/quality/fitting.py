"""Fits a quality model. Whatever a later step learns from was said of items its own source had not learnt from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from kyozon.routing.estimating.abilities import TIERS, rising
from kyozon.routing.estimating.contents import FORMAT, Contents, packed
from kyozon.routing.estimating.eye import calmed, witnesses_of
from kyozon.routing.estimating.facts import Facts, plain_name
from kyozon.routing.estimating.layout import forest_arrays, meaning_arrays
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.seeing import sureness
from kyozon.trainers.quality.additive import completed, levels, tiers_of
from kyozon.trainers.quality.boosting import Growth, cross_boosted, forest_of
from kyozon.trainers.quality.meaning import meant
from kyozon.trainers.quality.models import known_models, prior_of
from kyozon.trainers.quality.observations import Observation, Table, tabled
from kyozon.trainers.quality.panels import Lesson, panel_arrays, panels
from kyozon.trainers.quality.stacking import stacked
from kyozon.trainers.quality.standing import standing_arrays
from kyozon.trainers.quality.words import (
    PATIENCE,
    Bayes,
    Corpus,
    Placed,
    corpus_of,
    cross_ridge,
    domain_means,
    placed,
    ridge,
)

Numbers = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

WORDS_RIDGE = 20.0
LEAST_VECTORS = 200


class Options(Struct, frozen=True):
    """How to fit. `anchors` are the models that get trees of their own: those chosen between, with many results.

    One with fewer than `least_results` is known by its ability alone, as any other model is.
    `facts` are those of known models, by plain name: what a model without results is judged by. `aliases` are other names.
    """

    anchors: tuple[str, ...] = ()
    growth: Growth = Growth()
    folds: int = 5
    least_results: int = 300
    facts: Mapping[str, Facts] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


class _Sight(Struct, frozen=True, eq=False):
    """What is expected of each item by what was not learnt from it. `targets` are the tiers' and the anchors' scores."""

    table: Table
    corpus: Corpus
    targets: Numbers
    place: Placed
    heads: Numbers
    expected: Numbers


class _Grown(Struct, frozen=True, eq=False):
    """One pair of forests as arrays, and what they expected of unseen items; `anchors` are log-odds."""

    arrays: Arrays
    tiers: Numbers
    lengths: Numbers
    anchors: Numbers


def fit(observations: Sequence[Observation], options: Options | None = None) -> QualityModel:
    """The quality model of some observations; the same ones give the same model.

    Raises `ValueError` for observations that cannot be learnt from, or an anchor without results.
    """
    chosen = options or Options()
    table = tabled(observations, chosen.folds)
    anchors = _anchors(table, chosen)
    targets = _targets(table, anchors)
    corpus = corpus_of(table.texts)
    bayes, place = placed(corpus, table.domain, table.fold, len(table.domains))
    heads = cross_ridge(corpus.weighted, targets, table.fold, WORDS_RIDGE)
    sight = _Sight(table, corpus, targets, place, heads, _expected(table, targets, place))
    grown = _grown(sight, chosen, vector=False)
    lesson = Lesson(table, corpus, targets[:, TIERS:], 1 / (1 + np.exp(-grown.anchors)))
    arrays = grown.arrays | _lens(sight, bayes) | panel_arrays(panels(lesson), len(anchors), len(table.domains))
    if int(_with_vector(table).sum()) >= LEAST_VECTORS:
        arrays |= _grown(sight, chosen, vector=True).arrays
    models = known_models(table, grown.tiers, grown.lengths, anchors)
    place_of = {known.anchor: known.place for known in models}
    arrays |= standing_arrays(lesson, grown.tiers, [place_of[each] for each in range(len(anchors))])
    prior, spread = prior_of(models, chosen.facts)
    numbers = {
        "evidence step": float(bayes.evidence.max() / 255),
        "patience": PATIENCE,
        "usual odds": float(np.median(grown.tiers[:, TIERS // 2])),
        "lengths known": float(not np.isnan(table.tokens).all()),
    }
    return QualityModel(
        Contents(
            format=FORMAT,
            domains=table.domains,
            anchors=anchors,
            models=models,
            aliases=dict(chosen.aliases),
            prior=prior,
            prior_spread=spread,
            numbers=numbers,
            arrays={name: packed(array) for name, array in arrays.items()},
        )
    )


def _anchors(table: Table, options: Options) -> tuple[str, ...]:
    """The anchors that have results enough to grow trees."""
    names = tuple(dict.fromkeys(plain_name(name) for name in options.anchors))
    missing = [name for name in names if name not in table.models]
    if missing:
        raise ValueError(f"no observation holds a result of the anchor {missing[0]}")
    count = dict(zip(table.models, np.bincount(table.model, minlength=len(table.models)).tolist(), strict=True))
    return tuple(name for name in names if count[name] >= options.least_results)


def _targets(table: Table, anchors: tuple[str, ...]) -> Numbers:
    tiers = completed(np.stack([table.means(each) for each in tiers_of(table)], axis=1))
    own = [table.means(np.arange(len(table.models)) == table.models.index(name)) for name in anchors]
    return np.concatenate((tiers, np.stack(own, axis=1)), axis=1) if own else tiers


def _expected(table: Table, targets: Numbers, place: Placed) -> Numbers:
    said = np.zeros_like(targets)
    for fold in np.unique(table.fold).tolist():
        out = table.fold == fold
        said[out] = place.domains[out] @ domain_means(table.domain, len(table.domains), targets, ~out)
    return said


def _grown(sight: _Sight, options: Options, *, vector: bool) -> _Grown:
    """A pair of forests: the tiers and the length first, then the anchors, which are told what the tiers' said.

    With `vector`, the meaning of a prompt without one is taken to be what its words say.
    """
    table, fold, kind = sight.table, sight.table.fold, "vector " if vector else ""
    said: list[Numbers] = [sight.heads, sight.expected]
    arrays: Arrays = {}
    if vector:
        whole, arrays = _meant(sight)
        said.append(whole)
    parts: list[NDArray[Any]] = [sight.corpus.shapes, sureness(sight.place.domains), *said]
    features = np.concatenate(parts, axis=1).astype(np.float32)
    length, _ = levels(table, np.log1p(table.tokens))
    grow, scores = options.growth, sight.targets
    first = [cross_boosted(features, column, fold, grow, "cross_entropy") for column in scores[:, :TIERS].T]
    first.append(cross_boosted(features, length, fold, grow, "regression"))
    tiers = np.stack([odds for _, odds in first], axis=1)
    more = np.concatenate((features, tiers[:, :TIERS]), axis=1).astype(np.float32)
    second = [cross_boosted(more, column, fold, grow, "cross_entropy") for column in scores[:, TIERS:].T]
    stack, anchors = [], np.zeros_like(scores[:, TIERS:])
    for place, (_, odds) in enumerate(second, TIERS):
        known, chances = ~np.isnan(scores[:, place]), [each[:, place] for each in said]
        witnesses = witnesses_of(odds, chances)
        stack.append(stacked(witnesses[known], scores[known, place]))
        anchors[:, place - TIERS] = calmed(witnesses @ stack[-1], chances)
    arrays |= forest_arrays(forest_of([trees for trees, _ in first]), f"{kind}tiers")
    arrays |= forest_arrays(forest_of([trees for trees, _ in second]), f"{kind}anchors")
    arrays[f"{kind}stack"] = np.array(stack, dtype="<f4").reshape(-1, 2 + len(said))
    return _Grown(arrays, rising(tiers[:, :TIERS]), tiers[:, TIERS], anchors)


def _meant(sight: _Sight) -> tuple[Numbers, Arrays]:
    """What the vectors say of each target, and the regression."""
    rows = _with_vector(sight.table)
    said = meant(sight.table.vectors[rows], sight.targets[rows], sight.table.fold[rows])
    whole = sight.heads.copy()
    whole[rows] = said.out_of_fold
    return whole, meaning_arrays(said.meaning)


def _with_vector(table: Table) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(table.vectors).any(axis=1))


def _lens(sight: _Sight, bayes: Bayes) -> Arrays:
    weights, means = ridge(sight.corpus.weighted, sight.targets, WORDS_RIDGE)
    steps = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    table = sight.table
    usual = [np.quantile(sight.place.nearness[table.domain == each], (0.02, 0.3)) for each in range(len(table.domains))]
    every = np.ones(len(table.texts), dtype=bool)
    return {
        "evidence": np.round(bayes.evidence * (255 / bayes.evidence.max())).astype(np.uint8),
        "absence": bayes.absence.astype("<f4"),
        "usual": bayes.usual.astype("<f4"),
        "rarity": sight.corpus.rarity.astype("<f2"),
        "weights": np.round(weights / steps).astype(np.int8),
        "weight steps": steps.astype("<f4"),
        "means": means.astype("<f4"),
        "typical": np.array(usual, dtype="<f4"),
        "expected": domain_means(table.domain, len(table.domains), sight.targets, every).astype("<f4"),
    }
