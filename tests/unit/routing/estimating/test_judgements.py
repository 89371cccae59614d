import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from kyozon.domain.cascades import Act, Cascade, Judged
from kyozon.domain.decisions import Attempt, CacheUse, Candidate, Exploration
from kyozon.domain.feedback import SEEN_WEIGHT, Feedback, Rated
from kyozon.domain.quality import Estimate
from kyozon.routing.estimating.judgements import Judgement, judgement
from tests.fakes.record_samples import LONG_AGO, a_decision, an_outcome

VERSION = "5f"
CHOICE = Candidate(
    "small", "here", "host", rank=1, estimate=Estimate(0.8, 0.7, 0.9, reasons=(("ability", 0.2), ("domain sums", 0.1)))
)
OTHER = Candidate("large", "there", "external", rank=2, estimate=Estimate(0.9, 0.85, 0.95))


def rated(score: float | None = 1.0, *, outcome: dict[str, Any] | None = None, **changes: Any) -> Rated:
    decision = structs.replace(a_decision(candidates=(CHOICE, OTHER), chosen="small", estimator=VERSION), **changes)
    said = Feedback("f", decision.id, decision.tenant, LONG_AGO + timedelta(1), "person", score or 0.0, "hanako", "key_1")
    ended = an_outcome(decision, **({"model": "small", "provider": "here", "attempts": ()} | (outcome or {})))
    return Rated(decision, ended, () if score is None else (said,))


def told(case: Rated) -> Judgement:
    found = judgement(case, VERSION)
    assert isinstance(found, Judgement)
    return found


def test_a_judged_answer_says_what_was_expected_and_what_was_said() -> None:
    found = told(rated(0.25))

    assert (found.model, found.domain, found.score, found.weight) == ("small", "sums", 0.25, 1.0)
    assert found.odds == pytest.approx(math.log(0.8 / 0.2))
    assert (found.chance, found.drawn) == (1.0, False)
    assert found.judges == {("key_1", "hanako")}


def test_what_was_only_seen_counts_less() -> None:
    case = rated(0.0)
    seen = structs.replace(case, feedback=(structs.replace(case.feedback[0], source="retry"),))

    assert told(seen).weight == SEEN_WEIGHT


def test_a_draw_is_told_of_the_model_that_was_drawn_alone() -> None:
    drawn = Exploration(propensity=0.02, draw=0.01, explored=True)
    fallen_back = rated(exploration=drawn, outcome={"model": "large", "provider": "there"})

    assert (told(rated(exploration=drawn)).chance, told(rated(exploration=drawn)).drawn) == (0.02, True)
    assert (told(fallen_back).model, told(fallen_back).chance, told(fallen_back).drawn) == ("large", 1.0, False)
    assert told(fallen_back).odds == pytest.approx(math.log(0.9 / 0.1))


def looked(act: Act, answered: str) -> Rated:
    verdict = Judged(good=0.6, stronger=0.7, act=act)
    attempts = (Attempt("small", "here", judged=verdict), Attempt("large", "there"))
    plan = Cascade("small", "large", None, 0.9, Decimal("0.001"), 10.0)
    return rated(cascade=plan, outcome={"model": answered, "provider": None, "attempts": attempts})


@pytest.mark.parametrize(("act", "answered", "expected"), [("accept", "small", 0.6), ("escalate", "large", 0.7)])
def test_of_an_answer_that_was_looked_at_what_the_look_expected_counts(act: Act, answered: str, expected: float) -> None:
    found = told(looked(act, answered))

    assert found.model == answered
    assert found.odds == pytest.approx(math.log(expected / (1 - expected)))


NO_WORDS = structs.replace(CHOICE, estimate=Estimate(0.8, 0.7, 0.9))


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (rated(None), "unsaid"),
        (rated(estimator="60"), "elsewhere"),
        (rated(estimator="", candidates=(structs.replace(CHOICE, estimate=None),)), "unweighed"),
        (rated(candidates=(NO_WORDS, OTHER)), "unweighed"),
        (rated(outcome={"model": "gone"}), "unweighed"),
        (rated(outcome={"model": None}), "unanswered"),
        (rated(outcome={"cache": CacheUse("hit-exact", source="dec_0")}), "unanswered"),
        (structs.replace(rated(), outcome=None), "unanswered"),
        (looked("accept", "large"), "cascaded"),
        (looked("escalate", "small"), "cascaded"),
    ],
)
def test_what_says_nothing_is_told_apart(case: Rated, why: str) -> None:
    assert judgement(case, VERSION) == why


def test_a_sure_estimate_has_finite_odds() -> None:
    sure = structs.replace(CHOICE, estimate=Estimate(1.0, 1.0, 1.0, reasons=(("domain sums", 0.0),)))

    assert math.isfinite(told(rated(candidates=(sure, OTHER))).odds)
