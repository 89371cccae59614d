"""What a judged answer says of the model that gave it, in numbers: no word of the request or of the judgement is in it."""

import math
from typing import Literal

from msgspec import Struct

from kyozon.domain.decisions import Candidate, Decision, Outcome
from kyozon.domain.feedback import Rated

LeftOut = Literal["unsaid", "elsewhere", "unweighed", "unanswered", "cascaded"]
"""Why an answer teaches nothing: nothing was said of it, another version chose the model, only one model could be meant, no
model answered (or the cache did), or a cascade delivered it for another reason than a verdict."""

_SURELY = 0.01


class Judgement(Struct, frozen=True):
    """What was expected of one answer (log-odds) and what was said of it, a score from 0 to 1 that counts `weight`.

    Of an answer that a cascade delivered, that was expected when it was: so it does not matter that good ones are kept.
    `domain` is the likeliest one of the request. `chance` is the probability with which the model was chosen, 1 where
    nothing was left to chance; `drawn` says that chance chose it. `judges` are those who said it.
    """

    model: str
    domain: str
    odds: float
    score: float
    weight: float
    chance: float
    drawn: bool
    judges: frozenset[tuple[str, str]]

    @property
    def outright(self) -> bool:
        """Whether somebody said it: what was only seen counts less."""
        return self.weight == 1.0


def judgement(rated: Rated, version: str) -> Judgement | LeftOut:
    """What the answer to one request says, where `version` has chosen the model; or why it says nothing."""
    decision, outcome, score = rated.decision, rated.outcome, rated.score
    if score is None:
        return "unsaid"
    if outcome is None or outcome.model is None or (outcome.cache is not None and outcome.cache.hit):
        return "unanswered"
    if decision.estimator and decision.estimator != version:
        return "elsewhere"
    told, domain = _candidate(decision, outcome), _domain(decision)
    if told is None or told.estimate is None or domain is None:
        return "unweighed"
    expected = _expected(decision, outcome, told.estimate.quality)
    if expected is None:
        return "cascaded"
    expected = min(max(expected, _SURELY), 1 - _SURELY)
    drawn = decision.exploration if told.rank == 1 else None  # one that stood in for the chosen was not left to chance
    return Judgement(
        model=told.model,
        domain=domain,
        odds=math.log(expected / (1 - expected)),
        score=score,
        weight=rated.weight,
        chance=1.0 if drawn is None else drawn.propensity,
        drawn=drawn is not None and drawn.explored,
        judges=frozenset((one.key_id, one.user) for one in rated.feedback),
    )


def _expected(decision: Decision, outcome: Outcome, before: float) -> float | None:
    """What was expected of the delivered answer: by a verifier, where it has looked at the first one."""
    looked = next((one for one in outcome.attempts if one.judged is not None and one.judged.act != "ask"), None)
    if looked is None or looked.judged is None:
        return before
    if looked.judged.act == "accept":
        return looked.judged.good if outcome.model == looked.model else None
    strong = None if decision.cascade is None else decision.cascade.strong
    return looked.judged.stronger if outcome.model == strong else None


def _candidate(decision: Decision, outcome: Outcome) -> Candidate | None:
    """The model that answered, as the decision saw it."""
    answered = [one for one in decision.candidates if one.model == outcome.model]
    return next((one for one in answered if one.provider == outcome.provider), answered[0] if answered else None)


def _domain(decision: Decision) -> str | None:
    """The reasons of an estimate are kept for one candidate, and the request's domain is among them."""
    told = (one.estimate.domain for one in decision.candidates if one.estimate is not None)
    return next((domain for domain in told if domain is not None), None)
