"""Learning from what was said of answers: each model's departures move, everywhere and by domain, as far as that shows.

What was only seen, such as a repeated question, is seen of bad answers alone. Beside enough that was said it sharpens what
that says; alone it would tell who was asked most, so there it is left out.

What all models have in common is told apart and left out: how strictly one judges here, and who judges at all. What moves
is one model against the others. Bayesian shrinkage keeps a model where it is unless judgements say otherwise
(`shifts.py`); what was learnt before counts as many judgements as it rests on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from kyozon.domain.models import ModelCard
from kyozon.routing.estimating.abilities import TIERS, rising, slope_at
from kyozon.routing.estimating.contents import Known, packed, unpacked
from kyozon.routing.estimating.eye import log_odds
from kyozon.routing.estimating.facts import plain_name
from kyozon.routing.estimating.judgements import Judgement
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.shifts import Scores, Shifts, Spreads, shifts_of

Numbers = NDArray[np.float64]

FEWEST = 20.0
"""A model of which fewer answers were judged outright, as they count, stays where it is."""
LARGEST = 3.0
"""What a judgement of a rarely drawn choice counts at most, in judgements of a sure one."""
STRICTNESS = 4.0
"""How far (variance, log-odds) judgements may lie above or below what recorded results say, for all models alike."""
SHARPNESS = 0.1
"""How far (variance) judgements may tell good from bad more or less sharply than recorded results do."""
CURSE = 0.05
"""How far (variance, log-odds) too much may be expected of models for being chosen."""
OWN, OWN_DOMAINS = 0.08, 0.1
"""How far (variance, log-odds) a model that is known by results departs from them elsewhere, and there in one domain: by
leaving out whole benchmarks, 0.03 to 0.12, and 0.05 to 0.4."""
FLATTEST = 0.3
"""A place changes log-odds by no less than that."""
TELLING = 0.2
"""What one result tells of log-odds (its information), at usual chances."""


class Moved(Struct, frozen=True):
    """How far a model moved. `judgements` were made by so many `people` and count as `effective` ones.

    `model` names it as its cards do, `known_as` as its results do. `expected` and `said` are means over the judged answers,
    `now` is what is expected of the same ones after; `shift` is in log-odds, that of the judged domains weighed by their
    judgements. `domains`, most judged first, hold how many were judged there and by how much their expected score changed.
    """

    model: str
    known_as: str
    judgements: int
    effective: float
    people: int
    expected: float
    said: float
    now: float
    shift: float
    domains: tuple[tuple[str, int, float], ...]


class Lesson(Struct, frozen=True, eq=False):
    """What was learnt: another model, what moved in it, which were judged too little, and how strictly one judges here.

    `strictness` is what all models have in common, in log-odds: below nought where scores are lower than expected.
    """

    model: QualityModel
    moved: tuple[Moved, ...]
    unmoved: tuple[tuple[str, float], ...]
    strictness: float


class _Judged(Struct, frozen=True, eq=False):
    """The judgements as arrays; `names` are those of models, `of` the judgements of each."""

    names: tuple[str, ...]
    scores: Scores
    judgements: Sequence[Judgement]

    def of(self, place: int) -> NDArray[np.intp]:
        return np.flatnonzero(self.scores.model == place)

    def effective(self, place: int) -> float:
        return float(self.scores.weight[self.of(place)].sum())

    def cards(self, place: int) -> str:
        """What the judged ones are called where they are served."""
        return ", ".join(sorted({self.judgements[row].model for row in self.of(place).tolist()}))


def learnt(model: QualityModel, cards: Mapping[str, ModelCard], judgements: Sequence[Judgement]) -> Lesson:
    """What these judgements teach; the same ones teach the same. `cards` are those of the judged models, by id.

    A judgement of a model without a card, or in a domain that the model does not know, is passed over; so is what was only
    seen of one of which less than `FEWEST` was said.
    """
    judged = _judged(model, cards, judgements)
    if not judged.names:
        return Lesson(model, (), (), 0.0)
    before = {known.name: known for known in model.contents.models}
    by_name = {_name(model, card): card for card in cards.values()}
    start = [before.get(name) or supposed(model, name, by_name[name]) for name in judged.names]
    steep = [steepness(model, known, judged.scores.domain[judged.of(at)]) for at, known in enumerate(start)]
    shifts = shifts_of(judged.scores, spreads_of(start, steep, (STRICTNESS, OWN_DOMAINS, SHARPNESS, CURSE)))
    moved: list[Moved] = []
    unmoved: list[tuple[str, float]] = []
    for place, known in enumerate(start):
        if judged.effective(place) < FEWEST:
            unmoved.append((judged.cards(place), round(judged.effective(place), 1)))
            continue
        moved.append(_moved(model, judged, shifts, place))
        before[known.name] = shifted(known, steep[place], judged.scores, shifts, place)
    after = QualityModel(structs.replace(model.contents, models=tuple(before.values()))) if moved else model
    return Lesson(after, tuple(moved), tuple(unmoved), round(shifts.everywhere, 3))


def supposed(model: QualityModel, name: str, card: ModelCard) -> Known:
    """A model of which nothing but its card is known, as one that results may be added to."""
    ability, none = model.supposed(card), np.zeros(len(model.contents.domains))
    nothing = packed(none.astype("<f2")), packed(none.astype("<i4"))
    return Known(name, ability.place, ability.spread, -1, None, *nothing)


def steepness(model: QualityModel, known: Known, domains: NDArray[np.int64]) -> float:
    """By how much the log-odds of a model change with its place, on the mean over some domains."""
    tiers = rising(log_odds(unpacked(model.contents.arrays["expected"])[:, :TIERS].astype(np.float64)))
    slopes = np.array([slope_at(known.place, each) for each in tiers])
    return max(float(slopes[domains].mean()), FLATTEST)


def spreads_of(
    knowns: Sequence[Known], steep: Sequence[float], common: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
) -> Spreads:
    """How far each may depart from what is expected: `OWN` and what is not known of its place, less what was learnt before.

    `common` is what all models may have in common: everywhere, by domain, in how sharp scores are, and for being chosen.
    """
    judged = np.stack([_counted(known) for known in knowns])
    place = (np.array([known.spread for known in knowns]) * np.array(steep)) ** 2
    own = 1 / (1 / (OWN + place) + TELLING * judged.sum(axis=1))
    return Spreads(*common, own, 1 / (1 / OWN_DOMAINS + TELLING * judged))


def shifted(known: Known, steep: float, scores: Scores, shifts: Shifts, place: int) -> Known:
    """A model after what was found of it; less is left open of its place."""
    rows = scores.model == place
    counts = np.bincount(scores.domain[rows], weights=scores.weight[rows], minlength=shifts.own_domains.shape[1])
    moved = np.zeros(len(counts)) if known.learnt is None else unpacked(known.learnt).astype(np.float64)
    moved += shifts.own[place] + shifts.own_domains[place]
    return structs.replace(
        known,
        spread=round(min(known.spread, float(shifts.sure[place]) / steep), 4),
        learnt=packed(moved.astype("<f4")),
        judged=packed((_counted(known) + counts).astype("<f4")),
    )


def _judged(model: QualityModel, cards: Mapping[str, ModelCard], judgements: Sequence[Judgement]) -> _Judged:
    at = {name: place for place, name in enumerate(model.contents.domains)}
    known = [one for one in judgements if one.model in cards and one.domain in at]
    said = Counter(_name(model, cards[one.model]) for one in known if one.outright)
    kept = [one for one in known if one.outright or said[_name(model, cards[one.model])] >= FEWEST]
    names = tuple(sorted({_name(model, cards[one.model]) for one in kept}))
    near = {name: place for place, name in enumerate(names)}
    scores = Scores(
        model=np.array([near[_name(model, cards[one.model])] for one in kept], dtype=np.int64),
        domain=np.array([at[one.domain] for one in kept], dtype=np.int64),
        odds=np.array([one.odds for one in kept], dtype=np.float64),
        score=np.array([one.score for one in kept], dtype=np.float64),
        weight=np.array([one.weight for one in kept], dtype=np.float64),
        picked=np.array([not one.drawn for one in kept], dtype=np.float64),
    )
    chances = np.array([one.chance for one in kept], dtype=np.float64)
    return _Judged(names, structs.replace(scores, weight=_weighed(scores, chances)), kept)


def _weighed(scores: Scores, chances: Numbers) -> Numbers:
    """By inverse propensity, a model's judged answers stand for all requests, not for those that the router gave it.

    Weights so uneven tell less than as many equal ones: they add up to Kish's effective sample size.
    """
    weight = scores.weight / np.clip(chances, 1 / LARGEST, 1.0)
    for place in np.unique(scores.model).tolist():
        rows = scores.model == place
        told = weight[rows] ** 2 / np.maximum(scores.weight[rows], 1e-9)
        weight[rows] *= weight[rows].sum() / max(float(told.sum()), 1e-9)
    return weight


def _moved(model: QualityModel, judged: _Judged, shifts: Shifts, place: int) -> Moved:
    rows, scores = judged.of(place), judged.scores
    by = shifts.own[place] + shifts.own_domains[place]
    odds, moved = scores.odds[rows], by[scores.domain[rows]]
    expected, now = _chance(odds), _chance(odds + moved)
    domains, at, counts = np.unique(scores.domain[rows], return_inverse=True, return_counts=True)
    changed = np.bincount(at, weights=now - expected) / counts
    order = np.argsort(-counts, kind="stable")
    found = zip(domains[order].tolist(), counts[order].tolist(), changed[order].tolist(), strict=True)
    people = {person for row in rows.tolist() for person in judged.judgements[row].judges}
    return Moved(
        model=judged.cards(place),
        known_as=judged.names[place],
        judgements=len(rows),
        effective=round(judged.effective(place), 1),
        people=len(people),
        expected=round(float(expected.mean()), 4),
        said=round(float(scores.score[rows].mean()), 4),
        now=round(float(now.mean()), 4),
        shift=round(float(moved.mean()), 3),
        domains=tuple((model.contents.domains[each], count, round(change, 4)) for each, count, change in found),
    )


def _name(model: QualityModel, card: ModelCard) -> str:
    return model.known(card) or plain_name(card.id)


def _counted(known: Known) -> Numbers:
    """How many judgements by domain were learnt from already."""
    return np.zeros(known.counts.shape) if known.judged is None else unpacked(known.judged).astype(np.float64)


def _chance(odds: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-odds)))
