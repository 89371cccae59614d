"""Decisions in the trial of a version, as they would stand on record, and what was said of their answers."""

from datetime import timedelta
from decimal import Decimal

from msgspec import Struct, structs

from kyozon.domain.decisions import Candidate, Exploration, Trial
from kyozon.domain.feedback import Feedback, Rated, Source
from kyozon.domain.quality import Estimate
from kyozon.domain.rollout import Rollout, Terms
from kyozon.domain.usage import Charge
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

DEAR, CHEAP = ("boutique", "dear"), ("bargain", "cheap")
COSTS = {DEAR: Decimal("0.010"), CHEAP: Decimal("0.001")}
QUALITIES = {DEAR: 0.9, CHEAP: 0.8}
SHADOW = Rollout("rol_1", "newer", "older", "shadow", LONG_AGO, LONG_AGO, Terms(share=50, least=20, margin=0.1))
SHARE = structs.replace(SHADOW, stage="share")


class Told(Struct, frozen=True):
    """One request: `used` by the newer version, which would send it to the cheap model if the two `differ`.

    `score` is what was said of the answer, by `source`; `drawn` says that the cheap model was drawn by chance.
    """

    used: bool = False
    differ: bool = True
    score: float | None = None
    source: Source = "person"
    conversation: str = ""
    failed: bool = False
    status: str = "answered"
    drawn: float | None = None
    paid: Decimal | None = None


def rated(told: Told, rollout: Rollout = SHARE) -> Rated:
    """What stands on record of a request in a stage."""
    cheap_first = (told.used and told.differ) or told.drawn is not None
    first, second = (CHEAP, DEAR) if cheap_first else (DEAR, CHEAP)
    other = {True: DEAR, False: CHEAP}[told.used] if told.differ else first
    trial = Trial(
        rollout.version,
        "shadow" if rollout.stage == "shadow" else "share",
        told.used,
        *("", "") if told.failed else (other[1], other[0]),
        cost=None if told.failed else COSTS[other],
        differs=told.differ and not told.failed,
        failed=told.failed,
        conversation=told.conversation,
    )
    candidates = [
        Candidate(
            name,
            provider,
            "external",
            (),
            COSTS[provider, name],
            rank,
            estimate=Estimate(QUALITIES[provider, name], 0.5, 1),
        )
        for rank, (provider, name) in enumerate((first, second), start=1)
    ]
    decision = a_decision(candidates=tuple(candidates), chosen=first[1], trial=trial)
    if told.drawn is not None:
        decision = structs.replace(decision, exploration=Exploration(told.drawn, 0.0, explored=True, instead=("dear",)))
    conversation = told.conversation or decision.id
    decision = structs.replace(decision, trial=structs.replace(trial, conversation=conversation))
    outcome = an_outcome(
        decision, model=first[1], provider=first[0], status=told.status, charge=Charge(told.paid or COSTS[first])
    )
    said = Feedback(
        "fbk", decision.id, "acme", LONG_AGO + timedelta(minutes=1), told.source, told.score or 0.0, "ann", "key_2"
    )
    return Rated(decision, outcome, () if told.score is None else (said,))
