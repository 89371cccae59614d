"""The candidates of a decision: every model that was weighed, what is expected of it, and its place in the order."""

import logging
import math
from collections.abc import Callable, Mapping

from msgspec import structs

from kyozon.domain.decisions import Candidate, Decision, Exclusion
from kyozon.domain.labels import Label
from kyozon.domain.models import ModelCard
from kyozon.domain.pace import Timing
from kyozon.domain.quality import Estimate
from kyozon.ports.quality import Estimator
from kyozon.routing.breaking import State
from kyozon.routing.option import Option, Ranking
from kyozon.services.weighing import NO_ESTIMATES, NO_PACES, Paces, Verdict

_log = logging.getLogger(__name__)
_DIGITS = 4


def estimates(estimator: Estimator | None, words: Callable[[], str], verdict: Verdict) -> Mapping[str, Estimate]:
    """An estimate for each model that was weighed, by its id; none where only one could be meant: then nothing is read.

    The excluded ones are among them: so a record shows what a rule costs in quality, and can be made again without it.
    An estimator that fails abstains: the request then goes by cost.
    """
    if estimator is None:
        return NO_ESTIMATES
    try:
        return estimated(estimator, words, verdict)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an estimator, the request goes on
        _log.error("the estimator %s fails (%s): requests go by cost", estimator.version, type(error).__name__)
        return NO_ESTIMATES


def estimated(estimator: Estimator, words: Callable[[], str], verdict: Verdict) -> Mapping[str, Estimate]:
    """The same of an estimator that may not fail; raises what it raises."""
    cards = {subject.card.id: subject.card for subject, _ in verdict}
    if len(cards) == 1:
        return NO_ESTIMATES
    seen = estimator.look(words())
    return {name: _rounded(estimator.estimate(seen, card)) for name, card in cards.items()}


def expected_then(decision: Decision) -> Mapping[str, Estimate]:
    """What was expected of each model when a decision was made."""
    return {found.model: found.estimate for found in decision.candidates if found.estimate is not None}


def paces_then(decision: Decision) -> Paces:
    """How fast each deployment had answered when a decision was made."""
    return {(one.provider, one.model): one.timing.pace for one in decision.candidates if one.timing is not None}


def candidates(
    verdict: Verdict,
    label: Label,
    found: Mapping[str, Estimate],
    state: Callable[[ModelCard], State],
    paces: Paces = NO_PACES,
) -> tuple[Candidate, ...]:
    """The candidates of a request with this label, before they are ranked. `state` is that of a card's breaker."""
    return tuple(
        Candidate(
            subject.card.id,
            subject.card.provider,
            subject.card.zone,
            tuple(Exclusion(o.rule, o.need, o.have) for o in objections),
            health=None if (now := state(subject.card)) == "closed" else now,
            masked=subject.label != label,
            estimate=found.get(subject.card.id),
            timing=None if (pace := paces.get(subject.card.place)) is None else Timing(pace),
        )
        for subject, objections in verdict
    )


def in_order(weighed: tuple[Candidate, ...], ranking: Ranking) -> tuple[Candidate, ...]:
    """The candidates with their places in the order, what the request would cost there, and how soon it is answered."""
    places = {option.card.place: (rank, option) for rank, option in enumerate(ranking.options, start=1)}
    return tuple(_placed(one, *places.get((one.provider, one.model), (0, None))) for one in weighed)


def _placed(one: Candidate, rank: int, option: Option | None) -> Candidate:
    if option is None:
        return one
    timing = one.timing
    if timing is not None and option.soon is not None:
        timing = structs.replace(timing, seconds=option.soon.words, late=option.late)
    return structs.replace(one, rank=rank, predicted_cost=option.cost, timing=timing)


def trimmed(ranked: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The candidates as they are recorded: the reasons of an estimate are kept for the choice alone."""
    return tuple(
        structs.replace(one, estimate=structs.replace(one.estimate, reasons=()))
        if one.estimate is not None and one.estimate.reasons and one.rank != 1
        else one
        for one in ranked
    )


def _rounded(found: Estimate) -> Estimate:
    """Four digits are more than is known, and read well in a record. Raises `ValueError` for what is no number."""
    quality, low, high, support = (
        round(float(share), _DIGITS) for share in (found.quality, found.low, found.high, found.support)
    )
    reasons = tuple((name, round(float(effect), _DIGITS)) for name, effect in found.reasons)
    if not all(map(math.isfinite, (quality, low, high, support, *(effect for _, effect in reasons)))):
        raise ValueError("an estimate that is no number")
    return Estimate(quality, low, high, found.output_tokens, support, reasons, found.measured)
