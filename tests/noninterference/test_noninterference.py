"""No canary reaches a place that its label forbids, whatever happens in whatever order."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.noninterference.all_lives import AllLives


def test_nothing_leaks() -> None:
    clean = settings(
        max_examples=80,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(AllLives, settings=clean)
