"""Learns how anchors differ where several of them answered the same questions (`kyozon.routing.estimating.panels`)."""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import nnls
from scipy.sparse.linalg import svds

from kyozon.trainers.quality.observations import Table
from kyozon.trainers.quality.words import Corpus, cross_ridge, ridge

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

FEWEST, MOST = 700, 3_000
"""So many questions must all members of a panel have answered. Of more, trees learn the differences as well."""
ANSWERED = 0.5
"""An anchor that has answered a smaller share of a benchmark is no member of its panel."""
TOPICS = 100
"""The directions in which the words of a panel's questions vary most: so many are looked at, single words are too many."""
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
"""How strongly the weights of topics and form are drawn to nought: what suits the panel best of these."""
FORM = 0.03
"""What a number of the form, in standard deviations, counts beside a topic."""
CALM = 3.0
"""How strongly the two witnesses' weights are drawn to nought: of few questions little is learnt."""


class Panel(Struct, frozen=True, eq=False):
    """One panel: its domains and members as places, and what they say by column, of each member but the last."""

    domains: Places
    members: Places
    trust: float
    words: Numbers
    form: Numbers
    offset: Numbers


class Lesson(Struct, frozen=True, eq=False):
    """What a panel learns from: `scores` of the anchors and their cross-fitted `chances` (both n by A)."""

    table: Table
    corpus: Corpus
    scores: Numbers
    chances: Numbers


def panels(lesson: Lesson) -> list[Panel]:
    """One panel for each benchmark that two anchors or more have answered; a domain is named `benchmark:category`."""
    benchmarks = [name.partition(":")[0] for name in lesson.table.domains]
    found = []
    for name in dict.fromkeys(benchmarks):
        domains = np.flatnonzero([name == each for each in benchmarks])
        rows = np.flatnonzero(np.isin(lesson.table.domain, domains))
        known = ~np.isnan(lesson.scores[rows])
        members = np.flatnonzero(known.mean(axis=0) >= ANSWERED)
        rows = rows[known[:, members].all(axis=1)]
        if len(members) > 1 and FEWEST <= len(rows) <= MOST:
            found.append(_panel(lesson, domains, members, rows))
    return found


def _panel(lesson: Lesson, domains: Places, members: Places, rows: Places) -> Panel:
    fold = lesson.table.fold[rows]
    gaps, trees = (_against_mean(each[np.ix_(rows, members)]) for each in (lesson.scores, lesson.chances))
    middle, usual = gaps.mean(axis=0), trees.mean(axis=0)
    goal = gaps - middle
    topics = _topics(lesson.corpus.weighted[rows])
    shapes = lesson.corpus.shapes[rows].astype(np.float64)
    centre, scale = shapes.mean(axis=0), np.maximum(shapes.std(axis=0), 1e-3) / FORM
    features = np.concatenate((lesson.corpus.weighted[rows] @ topics, (shapes - centre) / scale), axis=1)
    features -= features.mean(axis=0)
    tried = ((each, cross_ridge(features, goal, fold, each)) for each in STRENGTHS)
    strength, by_form = min(tried, key=lambda one: float(((goal - one[1]) ** 2).sum()))
    trust, worth = _weights((trees - usual, by_form), goal)
    slopes, _ = ridge(features, goal, strength)
    words, form = np.split(worth * slopes, [topics.shape[1]])
    words, form = topics @ words, form / scale[:, None]
    at_home = np.asarray(lesson.corpus.weighted[rows].mean(axis=0)).ravel() @ words + centre @ form
    offset = middle - trust * usual - at_home
    return Panel(domains, members, trust, words[:, :-1], form[:, :-1], offset[:-1])


def _topics(words: sparse.csr_matrix) -> Numbers:
    """The directions (B by K) in which rows of words vary most: latent semantic analysis (Deerwester and others 1990)."""
    count = min(TOPICS, min(words.shape) - 1)
    _, _, found = svds(words.astype(np.float64), k=count, v0=np.ones(min(words.shape)))
    return np.asarray(found.T)


def _against_mean(values: Numbers) -> Numbers:
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def _weights(witnesses: tuple[Numbers, ...], goal: Numbers) -> tuple[float, ...]:
    """Of each witness, none below nought, by least squares."""
    said = np.stack([each.ravel() for each in witnesses], axis=1)
    calm = np.sqrt(CALM) * np.eye(len(witnesses))
    return tuple(nnls(np.concatenate((said, calm)), np.concatenate((goal.ravel(), np.zeros(len(witnesses)))))[0].tolist())


def panel_arrays(found: list[Panel], anchors: int, count: int) -> dict[str, NDArray[Any]]:
    """Panels of some of so many anchors, over `count` domains, as arrays of a file; nothing where there is none."""
    if not found:
        return {}
    domains, members = np.zeros((len(found), count), np.uint8), np.zeros((len(found), anchors), np.uint8)
    for place, each in enumerate(found):
        domains[place, each.domains] = 1
        members[place, each.members] = 1
    words = np.concatenate([each.words for each in found], axis=1)
    steps = np.maximum(np.abs(words).max(axis=0), 1e-9) / 127
    return {
        "panel domains": domains,
        "panel members": members,
        "panel trust": np.array([each.trust for each in found], dtype="<f4"),
        "panel words": np.round(words / steps).astype(np.int8),
        "panel steps": steps.astype("<f4"),
        "panel form": np.concatenate([each.form for each in found], axis=1).astype("<f4"),
        "panel offset": np.concatenate([each.offset for each in found]).astype("<f4"),
    }
