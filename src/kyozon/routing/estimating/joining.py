"""A model becomes known by its results: a few dozen prompts, and how good its answer to each was."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from kyozon.domain.models import ModelCard
from kyozon.routing.estimating.abilities import departures, narrowed, odds_at
from kyozon.routing.estimating.contents import Known, packed
from kyozon.routing.estimating.facts import plain_name
from kyozon.routing.estimating.learning import shifted, spreads_of, steepness
from kyozon.routing.estimating.quality_model import QualityModel
from kyozon.routing.estimating.seeing import Seen
from kyozon.routing.estimating.shifts import Scores, shifts_of

Numbers = NDArray[np.float64]

ALIKE = 0.3
"""What a result counts for a model's place: results of one set are no independent witnesses (bench.learning)."""
_SURELY = 0.01


class Result(Struct, frozen=True):
    """A prompt, how good a model's answer to it was, from 0 to 1, and how long, where that is known."""

    prompt: str
    score: float
    output_tokens: int | None = None


def joined(model: QualityModel, card: ModelCard, results: Sequence[Result]) -> QualityModel:
    """What knows the card's model by these results, too. What was known of it before counts on.

    Raises `ValueError` for no result, or a score that is none.
    """
    if not results:
        raise ValueError("there is no result to know a model by")
    if not all(0 <= result.score <= 1 for result in results):
        raise ValueError("a score is no number from 0 to 1")
    looks = [model.look(result.prompt) for result in results]
    name = model.known(card)
    before = next((each for each in model.contents.models if each.name == name), None)
    known = _placed(model, card, looks, results) if before is None else _more(model, before, looks, results)
    if known.tokens is None:
        known = structs.replace(known, tokens=_longer(looks, results))
    others = (each for each in model.contents.models if each.name != known.name)
    return QualityModel(structs.replace(model.contents, models=(*others, known)))


def _placed(model: QualityModel, card: ModelCard, looks: Sequence[Seen], results: Sequence[Result]) -> Known:
    """A place among the tiers, from where its card puts it, and its own departures by domain."""
    tiers = np.array([seen.tiers for seen in looks])
    scores = np.array([result.score for result in results])
    ability = narrowed(model.supposed(card), tiers, scores.tolist(), ALIKE)
    expected = np.asarray(odds_at(ability.place, tiers))
    effects, counts = departures(_domains(looks), expected, scores, len(model.contents.domains))
    arrays = packed(effects.astype("<f2")), packed(counts.astype("<i4"))
    return Known(plain_name(card.id), ability.place, ability.spread, -1, None, *arrays)


def _more(model: QualityModel, before: Known, looks: Sequence[Seen], results: Sequence[Result]) -> Known:
    """By how much these results depart from what is expected of a model that is known already."""
    chances = np.array([model.expected(seen, before.name).quality for seen in looks]).clip(_SURELY, 1 - _SURELY)
    scores = Scores(
        model=np.zeros(len(looks), dtype=np.int64),
        domain=_domains(looks),
        odds=np.log(chances / (1 - chances)),
        score=np.array([result.score for result in results]),
        weight=np.ones(len(looks)),
        picked=np.zeros(len(looks)),
    )
    steep = steepness(model, before, scores.domain)
    return shifted(before, steep, scores, shifts_of(scores, spreads_of([before], [steep])), 0)


def _domains(looks: Sequence[Seen]) -> NDArray[np.int64]:
    return np.array([int(seen.domains.argmax()) for seen in looks], dtype=np.int64)


def _longer(looks: Sequence[Seen], results: Sequence[Result]) -> float | None:
    """By what (a logarithm) its answers are longer than expected of any model: the sum of tokens comes out right."""
    pairs = [
        (seen.length, result.output_tokens)
        for seen, result in zip(looks, results, strict=True)
        if result.output_tokens is not None
    ]
    if not pairs:
        return None
    expected, found = sum(math.exp(length) for length, _ in pairs), sum(tokens for _, tokens in pairs)
    return round(math.log(max(found, 1) / expected), 4)
