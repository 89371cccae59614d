"""Nothing leaks either where answers are judged and other models are asked for the same request."""

from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from kyozon.bootstrap.estimating import verifier
from kyozon.domain.cascades import Hold
from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate, Goal
from tests.noninterference.machine import Lives

_QUALITY = {"cheap": 0.6, "in-house": 0.7, "partner": 0.8, "twin": 0.9}
SEEN: Counter[str] = Counter()


class DearerIsBetter:
    """An estimator to which every request looks the same."""

    version = "dearer"

    def look(self, text: str) -> int:
        return len(text)

    def estimate(self, seen: int, card: ModelCard) -> Estimate:  # noqa: ARG002 - see above
        quality = _QUALITY.get(card.id, 0.5)
        return Estimate(quality, quality - 0.01, quality + 0.01, 50)


class CascadedLives(Lives):
    """Documents, tools and caches, where a cheap model begins."""

    def __init__(self) -> None:
        super().__init__()
        house = self.premises.house
        house.measure(DearerIsBetter(), Goal(0.8))
        house.judge(verifier(), Hold(seconds=5.0, tokens=1000))

    def teardown(self) -> None:
        for outcome in self.premises.house.book.outcomes.values():
            SEEN.update(attempt.judged.act for attempt in outcome.attempts if attempt.judged is not None)
        super().teardown()


def test_nothing_leaks_through_a_cascade() -> None:
    few = settings(
        max_examples=15,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(CascadedLives, settings=few)
    assert SEEN["accept"] > 0
    assert SEEN["ask"] > 0
    assert SEEN["escalate"] > 0
